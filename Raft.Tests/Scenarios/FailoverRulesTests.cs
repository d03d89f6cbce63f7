using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>What one follower makes of the news that its leader's connections have ended.</summary>
public sealed class FailoverRulesTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);

    [Test]
    public void What_was_promised_for_a_lease_is_kept_and_when_it_ends_the_voter_campaigns()
    {
        var promise = TimeSpan.FromMilliseconds(400);
        using var voter = new LoneFollower();
        voter.Send(LoneFollower.Heartbeat("n2", term: 3));
        voter.Send(LoneFollower.Heartbeat("n2", term: 3) with { Lease = promise });
        voter.Pass();
        Assert.That(voter.Send(LoneFollower.Heartbeat("n2", 3) with { Lease = promise }).Append.Promise, Is.EqualTo(promise));
        TimeSpan since = voter.Cluster.Clock.Now;

        ((IRpcReceiver)voter.Node.Core.Inbox).Disconnected("n2");
        voter.Pass();
        Assert.That(voter.Node.Leader.Id.IsEmpty, Is.True, "nothing listens at n2");
        voter.Cluster.Pass(promise - TimeSpan.FromMilliseconds(40));
        LoneFollower.Answer vote = voter.Send(LoneFollower.Vote("n3", term: 4, lastIndex: 50, lastTerm: 3));
        LoneFollower.Answer preVote = voter.Send(LoneFollower.PreVote("n3", term: 4, lastIndex: 50, lastTerm: 3));
        RaftState before = voter.Node.State;
        voter.Cluster.Await("it campaigns", () => voter.Node.State == RaftState.Candidate, Soon);

        Assert.That((vote.Vote.Granted, preVote.PreVote.Granted, before), Is.EqualTo((false, false, RaftState.Follower)));
        Assert.That(voter.Cluster.Clock.Now - since, Is.InRange(promise - TimeSpan.FromMilliseconds(10), promise + Soon));
        Assert.That(voter.Node.Term, Is.EqualTo(3UL), "it asks first");
    }

    [Test]
    public void A_vote_of_the_term_that_was_given_stays_given_after_the_leader_is_given_up()
    {
        using var voter = new LoneFollower();
        Assert.That(voter.Send(LoneFollower.Vote("n2", term: 3, lastIndex: 1, lastTerm: 1)).Vote.Granted, Is.True);
        voter.Send(LoneFollower.Heartbeat("n2", term: 3));
        ((IRpcReceiver)voter.Node.Core.Inbox).Disconnected("n2");
        voter.Pass();

        LoneFollower.Answer same = voter.Send(LoneFollower.Vote("n3", term: 3, lastIndex: 50, lastTerm: 3));
        LoneFollower.Answer next = voter.Send(LoneFollower.Vote("n3", term: 4, lastIndex: 50, lastTerm: 3));

        Assert.That((same.Vote.Granted, next.Vote.Granted), Is.EqualTo((false, true)));
    }

    [Test]
    public void News_of_another_server_than_the_leader_changes_nothing()
    {
        using var voter = new LoneFollower();
        voter.Send(LoneFollower.Heartbeat("n2", term: 3));

        foreach (ServerId other in new ServerId[] { "n3", "n1", "stranger", default })
        {
            ((IRpcReceiver)voter.Node.Core.Inbox).Disconnected(other);
        }

        voter.Cluster.Pass(Soon);
        Assert.That(voter.Node.Leader.Id, Is.EqualTo((ServerId)"n2"));
    }

    [Test]
    public void Appends_that_came_before_the_connections_ended_do_not_bring_the_leader_back()
    {
        using var voter = new LoneFollower();
        voter.Send(LoneFollower.Heartbeat("n2", term: 3));

        // All in one turn of the loop: more than it serves in one.
        for (ulong i = 0; i < 200; i++)
        {
            voter.Hand(LoneFollower.Append("n2", 3, i + 1, i == 0 ? 1UL : 3, 1, LoneFollower.Entries(i + 2, 3)), new LoneFollower.Answer());
        }

        ((IRpcReceiver)voter.Node.Core.Inbox).Disconnected("n2");
        voter.Pass();

        Assert.That((voter.Node.LastIndex, voter.Node.Leader.Id), Is.EqualTo((201UL, default(ServerId))));
    }

    [Test]
    public void An_answer_that_comes_in_another_term_gives_up_nobody()
    {
        using var voter = new LoneFollower();
        voter.Send(LoneFollower.Heartbeat("n2", term: 3));
        voter.Cluster.Network.ProbeTime = TimeSpan.FromMilliseconds(50);

        ((IRpcReceiver)voter.Node.Core.Inbox).Disconnected("n2");
        voter.Pass();
        voter.Send(LoneFollower.Heartbeat("n2", term: 4));
        voter.Cluster.Pass(Soon);

        Assert.That((voter.Node.Leader.Id, voter.Node.Term), Is.EqualTo(((ServerId)"n2", 4UL)));
    }

    [TestCase(ConnectOutcome.Unknown)]
    [TestCase(ConnectOutcome.Connected)]
    public void A_leader_that_says_nothing_and_whose_port_does_not_refuse_is_waited_for(ConnectOutcome probe)
    {
        using var voter = new LoneFollower();
        voter.Send(LoneFollower.Heartbeat("n2", term: 3));
        int probes = 0;
        voter.Cluster.Network.Probes = (_, _) =>
        {
            probes++;
            return probe;
        };

        ((IRpcReceiver)voter.Node.Core.Inbox).Disconnected("n2");
        voter.Cluster.Pass(TimeSpan.FromMilliseconds(600));

        Assert.That(probes, Is.GreaterThan(1));
        Assert.That((voter.Node.Leader.Id, voter.Node.State), Is.EqualTo(((ServerId)"n2", RaftState.Follower)));
    }

    [Test]
    public void News_that_comes_before_the_request_by_which_the_leader_is_known_counts()
    {
        using var voter = new LoneFollower();
        voter.Send(LoneFollower.Heartbeat("n2", term: 3));

        voter.Hand(LoneFollower.Append("n3", 4, 1, 1, 1, LoneFollower.Entries(2, 4)), new LoneFollower.Answer());
        ((IRpcReceiver)voter.Node.Core.Inbox).Disconnected("n3");
        ((IRpcReceiver)voter.Node.Core.Inbox).Disconnected("stranger of no account");
        ((IRpcReceiver)voter.Node.Core.Inbox).Disconnected("n3");
        voter.Cluster.Pass(Soon / 2);

        Assert.That((voter.Node.Term, voter.Node.Leader.Id), Is.EqualTo((4UL, default(ServerId))));
    }

    [Test]
    public void News_is_void_once_the_leader_has_sent_something_since()
    {
        using var voter = new LoneFollower();
        voter.Send(LoneFollower.Heartbeat("n2", term: 3));

        ((IRpcReceiver)voter.Node.Core.Inbox).Disconnected("n2");
        voter.Hand(LoneFollower.Heartbeat("n2", term: 3), new LoneFollower.Answer());
        voter.Cluster.Pass(Soon);

        Assert.That(voter.Node.Leader.Id, Is.EqualTo((ServerId)"n2"), "its port refuses, but it is there");
    }

    [TestCase(ConnectOutcome.Connected)]
    [TestCase(ConnectOutcome.Refused)]
    public void A_leader_is_dialled_where_the_configuration_has_it_and_where_it_says_that_it_is(ConnectOutcome atHome)
    {
        using var voter = new LoneFollower();
        AppendEntriesRequest heartbeat = LoneFollower.Heartbeat("n2", term: 3);
        voter.Send(heartbeat with { Header = heartbeat.Header with { Address = "behind the router:1" } });
        var asked = new List<ServerAddress>();
        voter.Cluster.Network.Probes = (_, to) =>
        {
            asked.Add(to);
            return to == "behind the router:1" ? ConnectOutcome.Refused : atHome;
        };

        ((IRpcReceiver)voter.Node.Core.Inbox).Disconnected("n2");
        voter.Cluster.Pass(Soon / 2);

        Assert.That(voter.Node.Leader.Id.IsEmpty, Is.EqualTo(atHome == ConnectOutcome.Refused));
        Assert.That(asked[0], Is.EqualTo(heartbeat.Header.Address));
        Assert.That(asked.Contains("behind the router:1"), Is.EqualTo(atHome == ConnectOutcome.Refused));
    }

    [Test]
    public void Every_transport_that_there_is_can_be_asked_whether_a_process_is_there()
    {
        Type[] deaf = [.. new[] { typeof(RaftNode), typeof(Raft.Transport.Tcp.TcpTransport), typeof(Raft.Fsm.Sample.Join.HeldTransport), typeof(Raft.Simulation.Network.SimTransport), GetType() }
            .SelectMany(t => t.Assembly.GetTypes())
            .Where(t => t is { IsClass: true, IsAbstract: false } && typeof(ITransport).IsAssignableFrom(t))
            .Where(t => t.GetInterfaceMap(typeof(ITransport)).TargetMethods.Any(m => m.DeclaringType == typeof(ITransport)))];

        // Scripted: a test says what it answers.
        Assert.That(deaf.Select(t => t.Name), Is.SubsetOf(["ScriptedTransport"]));
    }
}
