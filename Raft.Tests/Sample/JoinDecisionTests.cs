using Raft.Fsm.Sample.Join;

namespace Raft.Tests.Sample;

/// <summary>What comes next on the way into a cluster.</summary>
public sealed class JoinDecisionTests
{
    [Test]
    public void A_voter_that_is_as_far_as_its_leader_is_done() =>
        Assert.That(JoinDecision.Next(new JoinSelf { IsVoter = true, IsReady = true }), Is.EqualTo(JoinStep.Done));

    [Test]
    public void One_that_votes_by_a_log_that_may_be_an_old_one_asks() =>
        Assert.That(JoinDecision.Next(new JoinSelf { IsVoter = true }), Is.EqualTo(JoinStep.Join));

    [TestCase(false)]
    [TestCase(true)]
    public void Who_does_not_vote_asks_for_it(bool isReady) =>
        Assert.That(JoinDecision.Next(new JoinSelf { IsReady = isReady }), Is.EqualTo(JoinStep.Join));

    [TestCase(false)]
    [TestCase(true)]
    public void An_empty_disk_is_removed_first_whatever_else_holds(bool holds) => Assert.That(
        JoinDecision.Next(new JoinSelf { IsHeld = true, IsVoter = holds, IsReady = holds }), Is.EqualTo(JoinStep.Remove));
}
