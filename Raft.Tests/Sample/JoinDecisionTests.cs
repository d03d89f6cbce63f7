using System.Text.Json;
using Raft.Fsm.Sample.Join;

namespace Raft.Tests.Sample;

/// <summary>What comes next on the way into a cluster.</summary>
public sealed class JoinDecisionTests
{
    private static readonly JoinSelf Self = new("n4", "n4:1") { LastLogIndex = 0 };
    private static readonly Server Founder = new("n1", "n1:1");
    private static readonly Server Nonvoter = new("n4", "n4:1", ServerSuffrage.Nonvoter);
    private static readonly Server Voter = new("n4", "n4:1");

    [Test]
    public void A_voter_asks_for_nothing_and_is_done_once_it_knows_that_its_log_is_no_old_one()
    {
        Assert.That(JoinDecision.WithoutAsking(Self with { IsVoter = true }), Is.EqualTo(JoinStep.Wait));
        Assert.That(JoinDecision.WithoutAsking(Self with { IsVoter = true, IsReady = true }), Is.EqualTo(JoinStep.Done));
    }

    [Test]
    public void Who_does_not_vote_or_came_with_an_empty_disk_looks_at_the_cluster()
    {
        Assert.That(JoinDecision.WithoutAsking(Self), Is.Null);
        Assert.That(JoinDecision.WithoutAsking(Self with { IsReady = true }), Is.Null);
        Assert.That(JoinDecision.WithoutAsking(Self with { IsHeld = true, IsVoter = true, IsReady = true }), Is.Null);
    }

    [Test]
    public void Nothing_is_asked_of_a_member_that_knows_no_leader()
    {
        JoinView cluster = View(Founder) with { HasLeader = false };

        Assert.That(JoinDecision.Next(Self with { IsHeld = true }, cluster).Step, Is.EqualTo(JoinStep.Wait));
        Assert.That(JoinDecision.Next(Self, cluster).Step, Is.EqualTo(JoinStep.Wait));
    }

    [Test]
    public void An_empty_disk_is_removed_first_whatever_the_member_knows()
    {
        JoinSelf held = Self with { IsHeld = true };

        Assert.That(JoinDecision.Next(held, View(Founder, Voter)).Step, Is.EqualTo(JoinStep.Remove));
        Assert.That(JoinDecision.Next(held, View(Founder, Nonvoter)).Step, Is.EqualTo(JoinStep.Remove));
        Assert.That(JoinDecision.Next(held, View(Founder)).Step, Is.EqualTo(JoinStep.Remove));
    }

    [Test]
    public void Who_is_no_member_or_under_another_address_is_added()
    {
        Assert.That(JoinDecision.Next(Self, View(Founder)).Step, Is.EqualTo(JoinStep.Add));
        Assert.That(
            JoinDecision.Next(Self, View(Founder, Nonvoter with { Address = "elsewhere:1" })).Step, Is.EqualTo(JoinStep.Add));
    }

    [Test]
    public void A_member_that_has_not_heard_of_the_last_change_is_not_believed() =>
        Assert.That(
            JoinDecision.Next(Self with { LastChangeIndex = 51 }, View(Founder)).Step, Is.EqualTo(JoinStep.Wait));

    [TestCase(36ul, true, true)]
    [TestCase(35ul, true, false)]
    [TestCase(100ul, true, true)]
    [TestCase(100ul, false, false)]
    public void A_nonvoter_is_promoted_once_it_has_caught_up(ulong lastLogIndex, bool knows, bool isPromoted)
    {
        JoinSelf self = Self with { LastLogIndex = lastLogIndex, KnowsItIsNonvoter = knows };

        Assert.That(JoinDecision.Next(self, View(Founder, Nonvoter)).Step, Is.EqualTo(isPromoted ? JoinStep.Promote : JoinStep.Wait));
    }

    [Test]
    public void Who_is_a_voter_in_the_cluster_waits_to_hear_of_it() =>
        Assert.That(JoinDecision.Next(Self, View(Founder, Voter)).Step, Is.EqualTo(JoinStep.Wait));

    [Test]
    public void The_view_is_read_from_a_status()
    {
        const string Status = """
            {"id":"n1","leader":{"id":"n1","raft":"n1:1","http":null},"commitIndex":120,
             "configuration":{"index":7,"servers":[{"id":"n4","address":"n4:1","suffrage":"Nonvoter"}]}}
            """;

        JoinView view = JoinView.Of(JsonDocument.Parse(Status).RootElement);

        Assert.That(view, Is.EqualTo(new JoinView(true, 120, 7, new ClusterConfiguration(Nonvoter))));
    }

    private static JoinView View(params Server[] servers) =>
        new(HasLeader: true, CommitIndex: 100, ConfigurationIndex: 50, new ClusterConfiguration(servers));
}
