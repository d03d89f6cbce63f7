using Raft.Tests.Support;
using static Raft.Tests.Support.LoneFollower;

namespace Raft.Tests.Scenarios;

/// <summary>Servers that come with newer terms, and what keeps them from disturbing a leader (thesis 9.6, §6).</summary>
public sealed class TermTests
{
    private const ulong FarTerm = 100;

    [Test]
    [Reference("C1")]
    public void Two_servers_that_are_cut_apart_both_forget_the_leader_and_the_last_contact_stays_where_it_was()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 2);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.Single(s => s != leader);

        cluster.Network.Isolate(leader.Address, [follower.Address]);
        cluster.Await("the leader steps down", () => leader.Node!.State != RaftState.Leader, TimeSpan.FromMilliseconds(510));
        cluster.Await("both know no leader", () => cluster.Servers.All(s => s.Node!.Leader.Id.IsEmpty), TimeSpan.FromSeconds(2));
        TimeSpan at = cluster.Clock.Now;
        TimeSpan? contact = cluster.Run(follower.Node!.GetStatusAsync()).LastContact;
        cluster.Pass(TimeSpan.FromSeconds(3));
        TimeSpan? later = cluster.Run(follower.Node.GetStatusAsync()).LastContact;

        Assert.That(contact, Is.GreaterThan(TimeSpan.Zero));
        Assert.That(later - contact, Is.EqualTo(cluster.Clock.Now - at));
    }

    [Test]
    [Reference("C5")]
    public void A_nonvoter_of_a_far_newer_term_moves_the_cluster_on_and_never_leads_it()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 4, founders: 3);
        VirtualServer nonvoter = cluster.Servers[3];
        cluster.Start(nonvoter);
        cluster.Run(cluster.AwaitLeader().Node!.AddNonvoterAsync(nonvoter.Id, nonvoter.Address));
        cluster.AwaitSame();

        RestartIn(cluster, nonvoter, FarTerm);
        cluster.Await("the cluster is in a newer term", () =>
            nonvoter.Node!.State == RaftState.Follower && cluster.Leaders.Any(l => l.Node!.Term > FarTerm));
        VirtualServer leader = cluster.AwaitLeader();
        cluster.Run(cluster.Apply(leader, "writable"));
        cluster.AwaitSame();
        Assert.That(leader, Is.Not.EqualTo(nonvoter));

        cluster.Run(leader.Node!.AddVoterAsync(nonvoter.Id, nonvoter.Address));
        AssertStable(cluster, leader);
    }

    [Test]
    [Reference("C6")]
    public void A_removed_follower_that_comes_back_with_a_newer_term_leaves_a_stable_cluster()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer again = cluster.Servers.First(s => s != old);
        cluster.Run(old.Node!.RemoveServerAsync(again.Id));
        cluster.Run(cluster.Apply(old, "meanwhile"));

        RestartIn(cluster, again, FarTerm);
        _ = old.Node.AddVoterAsync(again.Id, again.Address);
        cluster.Await("the cluster is in a newer term", () => cluster.Leaders.Any(l => l.Node!.Term > FarTerm));
        VirtualServer leader = cluster.AwaitLeader();
        cluster.Run(leader.Node!.AddVoterAsync(again.Id, again.Address));
        cluster.AwaitSame();

        Assert.That(again.Node!.Core.State.Configuration.VoterCount, Is.EqualTo(3));
        AssertStable(cluster, leader);
    }

    [Test]
    [Reference("C7")]
    public void A_follower_that_was_cut_off_and_restarted_causes_no_election()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        ulong term = leader.Node!.Term;
        VirtualServer follower = cluster.Servers.First(s => s != leader);

        cluster.Network.Isolate(follower.Address, cluster.Servers.Select(s => s.Address));
        cluster.Pass(TimeSpan.FromSeconds(10));
        cluster.Kill(follower);
        cluster.Start(follower);

        AssertStable(cluster, leader);
        Assert.That(leader.Node.Term, Is.EqualTo(term));
    }

    [TestCase(2, 3)]
    [TestCase(3, 2)]
    [TestCase(1, 2)]
    [TestCase(2, 1)]
    [TestCase(3, 0)]
    [TestCase(0, 3)]
    [Reference("C8", "a13")]
    public void Servers_that_ask_first_and_servers_that_do_not_find_a_new_leader_together(int asking, int others)
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            asking + others, s => s.Config = s.Config with { PreVoteDisabled = int.Parse(s.Id.Value![1..]) > asking });
        VirtualServer old = cluster.Leaders.Single();

        cluster.Network.Isolate(old.Address, cluster.Servers.Select(s => s.Address));
        VirtualServer leader = cluster.AwaitLeader([.. cluster.Servers.Where(s => s != old)]);
        cluster.Run(cluster.Apply(leader, "a"));
        cluster.Network.Heal();
        cluster.AwaitSame();

        Assert.That(cluster.AwaitLeader().Node!.Term, Is.GreaterThanOrEqualTo(leader.Node!.Term));
        Assert.That(old.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "a" }));
    }

    [Test]
    [Reference("a13")]
    public void E8501_a_voter_of_a_newer_term_with_an_older_log_frees_who_asks_it_by_its_refusal()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer behind = cluster.Servers.First(s => s != leader);
        VirtualServer ahead = cluster.Servers.Last(s => s != leader);
        cluster.Kill(behind);
        cluster.Run(cluster.Apply(leader, "only on two"));
        cluster.Await("the other has it", () => ahead.Stores.LastIndex == leader.Stores.LastIndex);
        cluster.Kill(leader);

        // It campaigned without asking first, cut off; from now on it asks.
        cluster.Run(behind.Stores.SaveAsync(new TermAndVote(FarTerm)).AsTask());
        cluster.Start(behind);

        Assert.That(cluster.AwaitLeader(ahead, behind), Is.EqualTo(ahead));
        Assert.That(ahead.Node!.Term, Is.GreaterThan(FarTerm));
    }

    [Test]
    [Reference("C10", "C11")]
    public void A_leader_that_only_asks_for_pre_votes_gets_them_and_does_not_keep_a_follower_from_campaigning()
    {
        using var follower = new LoneFollower();
        TimeSpan timeout = TimeSpan.FromSeconds(1);
        follower.Server.Config = follower.Server.Config with
        {
            PreVoteDisabled = true,
            HeartbeatTimeout = timeout,
            ElectionTimeout = timeout,
        };
        follower.Cluster.Kill(follower.Server);
        follower.Cluster.Start(follower.Server);
        follower.Send(Heartbeat("n2", term: 2));
        TimeSpan heard = follower.Cluster.Clock.Now;

        Assert.That(follower.Send(PreVote("n2", term: 3, lastIndex: 1, lastTerm: 1)).PreVote.Granted, Is.True);
        Assert.That(follower.Send(PreVote("n3", term: 3, lastIndex: 1, lastTerm: 1)).PreVote.Granted, Is.False);
        while (follower.Node.Term == 2)
        {
            follower.Hand(PreVote("n2", term: 3, lastIndex: 1, lastTerm: 1), new Answer());
            follower.Pass();
            Assert.That(follower.Cluster.Clock.Now - heard, Is.LessThan(2.1 * timeout));
        }
    }

    [Test]
    [Reference("G3", "c16", "a12")]
    public void A_follower_of_a_newer_term_ends_the_leadership_and_the_verification_under_way()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 2);
        VirtualServer leader = cluster.Leaders.Single();
        RestartIn(cluster, cluster.Servers.Single(s => s != leader), leader.Node!.Term + 1);

        Task verified = leader.Node.VerifyLeaderAsync();

        cluster.Await("it is told before the lease ends", () => verified.IsCompleted, leader.Config.LeaderLeaseTimeout / 2);
        Assert.That(() => cluster.Run(verified), Throws.TypeOf<NotLeaderException>());
        Assert.That(leader.Node.State, Is.Not.EqualTo(RaftState.Leader));
        Assert.That(leader.Node.Leader.Id.IsEmpty, Is.True);
    }

    [TestCase(1, 0)]
    [TestCase(3, 1)]
    [Reference("G2", "G4")]
    public void A_leader_alone_or_with_one_of_two_followers_is_verified(int servers, int down)
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers);
        VirtualServer leader = cluster.Leaders.Single();
        foreach (VirtualServer gone in cluster.Servers.Where(s => s != leader).Take(down))
        {
            cluster.Network.Isolate(gone.Address, cluster.Servers.Select(s => s.Address));
        }

        cluster.Run(leader.Node!.VerifyLeaderAsync());

        Assert.That(leader.Node.State, Is.EqualTo(RaftState.Leader));
    }

    /// <summary>Lets a server come back in another term than it was in.</summary>
    private static void RestartIn(VirtualCluster cluster, VirtualServer server, ulong term)
    {
        cluster.Kill(server);
        cluster.Run(server.Stores.SaveAsync(new TermAndVote(term)).AsTask());
        cluster.Start(server);
    }

    private static void AssertStable(VirtualCluster cluster, VirtualServer leader)
    {
        ulong term = leader.Node!.Term;
        cluster.Pass(TimeSpan.FromSeconds(20));
        Assert.That(cluster.Leaders.Single(), Is.EqualTo(leader));
        Assert.That(leader.Node.Term, Is.EqualTo(term));
        cluster.Run(cluster.Apply(leader, "stable"));
        cluster.AwaitSame();
    }
}
