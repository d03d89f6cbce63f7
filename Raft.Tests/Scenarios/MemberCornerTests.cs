using Raft.Storage;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Corners of membership in which a cluster once found no leader, or went on speaking to who had left.</summary>
public sealed class MemberCornerTests
{
    [TestCase(false)]
    [TestCase(true)]
    public void A_server_whose_own_removal_is_not_committed_still_campaigns(bool isDemoted)
    {
        using VirtualCluster cluster = VirtualCluster.Running(2);
        VirtualServer old = cluster.AwaitLeader();
        cluster.Network.Isolate(old.Address, cluster.Servers.Select(s => s.Address));
        _ = isDemoted ? old.Node!.DemoteVoterAsync(old.Id) : old.Node!.RemoveServerAsync(old.Id);
        cluster.Await("it steps down", () => old.Node!.State != RaftState.Leader);

        cluster.Network.Heal();

        // Both run and hear each other: thesis 4.2.2, figure 4.6.
        cluster.AwaitLeader();
    }

    [TestCase(ServerSuffrage.Nonvoter)]
    [TestCase(null)]
    [Reference("g14")]
    public void A_voter_that_has_not_heard_of_a_candidates_membership_votes_for_it(ServerSuffrage? before)
    {
        using var cluster = new VirtualCluster(4);
        ClusterConfiguration four = cluster.Founders;
        IEnumerable<Server> three = four.Servers.Take(3);
        cluster.Founders = new ClusterConfiguration(
            before is { } suffrage ? three.Append(new Server("n4", "addr4", suffrage)) : three);
        var change = new LogSlice(LogBatchBuilder.Single(
            2, 1, LogType.Configuration, ConfigurationEncoding.Encode(four), LogTimestamp.Zero));

        // n1 led, and is dead: the change is committed on n1, n2 and n4; the entry behind it reached n4 only.
        cluster.Seed(cluster.Servers[1], 1, change);
        cluster.Seed(cluster.Servers[2], 1);
        cluster.Seed(cluster.Servers[3], 1, change, LoneFollower.Entries(3, 1));
        VirtualServer[] alive = [.. cluster.Servers.Skip(1)];
        foreach (VirtualServer server in alive)
        {
            cluster.Start(server);
        }

        // Three of four run and hear each other.
        cluster.AwaitLeader(alive);
    }

    [Test]
    [Reference("g14")]
    public void E10998_a_server_that_does_not_know_yet_that_it_votes_gives_its_vote_when_it_is_asked()
    {
        using var cluster = new VirtualCluster(3);
        ClusterConfiguration voters = cluster.Founders;
        cluster.Founders = new ClusterConfiguration(
            voters.Servers.Take(2).Append(new Server("n3", "addr3", ServerSuffrage.Nonvoter)));
        var promotion = new LogSlice(LogBatchBuilder.Single(
            2, 1, LogType.Configuration, ConfigurationEncoding.Encode(voters), LogTimestamp.Zero));

        // n1 led, and is dead: the promotion of n3 is committed on n1 and n2, and has not reached n3.
        cluster.Seed(cluster.Servers[1], 1, promotion);
        cluster.Seed(cluster.Servers[2], 1);
        cluster.Start(cluster.Servers[1]);
        cluster.Start(cluster.Servers[2]);

        Assert.That(cluster.AwaitLeader(cluster.Servers[1], cluster.Servers[2]), Is.EqualTo(cluster.Servers[1]));
    }

    [Test]
    public void A_removed_server_of_a_newer_term_is_not_sent_the_same_again_and_again()
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            3, server => server.Config = server.Config with { PreVoteDisabled = true });
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer removed = cluster.Servers.First(s => s != leader);
        cluster.Network.Isolate(removed.Address, cluster.Servers.Select(s => s.Address));
        cluster.Await("it campaigns", () => removed.Node!.Term > leader.Node!.Term + 1);
        cluster.Run(leader.Node!.RemoveServerAsync(removed.Id));
        int sent = 0;
        cluster.Network.Filter = (from, to, request) =>
        {
            sent += from == leader.Address && to == removed.Address && request is AppendEntriesRequest { IsHeartbeat: false } ? 1 : 0;
            return true;
        };

        cluster.Network.Heal();
        cluster.Pass(TimeSpan.FromSeconds(5));

        Assert.That(leader.Node!.State, Is.EqualTo(RaftState.Leader));
        Assert.That(sent, Is.LessThan(300), "that is one each 17 ms; an idle follower is sent one each 50 ms or more");
    }

    [Test]
    public void A_server_that_loses_its_vote_disturbs_nobody_with_newer_terms_also_where_voters_are_not_asked_first()
    {
        using var lone = new LoneFollower();
        lone.Server.Config = lone.Server.Config with
        {
            PreVoteDisabled = true,
            HeartbeatTimeout = TimeSpan.FromSeconds(1),
            ElectionTimeout = TimeSpan.FromSeconds(1),
        };
        lone.Cluster.Kill(lone.Server);
        lone.Cluster.Start(lone.Server);
        var others = new ClusterConfiguration(lone.Cluster.Founders.Servers.Where(s => s.Id != lone.Server.Id));
        lone.Send(LoneFollower.Append("n2", 2, 1, 1, 1, new LogSlice(LogBatchBuilder.Single(
            2, 2, LogType.Configuration, ConfigurationEncoding.Encode(others), LogTimestamp.Zero))));

        lone.Cluster.Pass(TimeSpan.FromSeconds(20));

        Assert.That(lone.Cluster.Dump(), Does.Contain("n1 got no answer from n2 to its request for a vote"), "it campaigns");
        Assert.That(lone.Node.Term, Is.EqualTo(2));
    }

    [Test]
    public void Two_become_three_and_the_leader_dies()
    {
        using var cluster = new VirtualCluster(3);
        ClusterConfiguration three = cluster.Founders;
        cluster.Founders = new ClusterConfiguration(three.Servers.Take(2));
        var change = new LogSlice(LogBatchBuilder.Single(
            2, 1, LogType.Configuration, ConfigurationEncoding.Encode(three), LogTimestamp.Zero));

        // n1 led, and is dead: the change is committed on n1 and n3, and has not reached n2.
        cluster.Seed(cluster.Servers[1], 1);
        cluster.Seed(cluster.Servers[2], 1, change);
        cluster.Start(cluster.Servers[1]);
        cluster.Start(cluster.Servers[2]);

        cluster.AwaitLeader(cluster.Servers[1], cluster.Servers[2]);
    }
}
