using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Servers that come and go (thesis 4).</summary>
public sealed class MembershipTests
{
    [Test]
    [Reference("D1", "a27", "b03")]
    public void A_server_is_added_as_nonvoter_catches_up_and_is_promoted()
    {
        using VirtualCluster cluster = RunningOf(4, founders: 3);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer added = cluster.Servers[3];
        cluster.Start(added);

        cluster.Run(leader.Node!.AddNonvoterAsync(added.Id, added.Address));
        cluster.AwaitSame();
        ClusterConfiguration asNonvoter = added.Node!.Core.State.Configuration;
        cluster.Run(leader.Node!.AddVoterAsync(added.Id, added.Address));
        cluster.AwaitSame();

        Assert.That(asNonvoter.Find(added.Id)!.Suffrage, Is.EqualTo(ServerSuffrage.Nonvoter));
        Assert.That(added.Node!.Core.State.Configuration.IsVoter(added.Id), Is.True);
        Assert.That(added.Node.Core.State.Configuration.QuorumSize, Is.EqualTo(3));
        Assert.That(
            cluster.Servers.Select(s => s.Node!.Core.State.Configuration),
            Is.All.EqualTo(leader.Node!.Core.State.Configuration));
    }

    [Test]
    [Reference("C2", "E3", "a07", "a27")]
    public void A_nonvoter_never_campaigns_and_is_not_counted()
    {
        using VirtualCluster cluster = RunningOf(2, founders: 1);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer added = cluster.Servers[1];
        cluster.Start(added);
        cluster.Run(leader.Node!.AddNonvoterAsync(added.Id, added.Address));
        cluster.AwaitSame();

        cluster.Network.Isolate(added.Address, [leader.Address]);
        ApplyResult done = cluster.Run(cluster.Apply(leader, "alone"));
        cluster.Pass(TimeSpan.FromSeconds(20));

        Assert.That(done.Index, Is.GreaterThan(0));
        Assert.That(added.Node!.State, Is.EqualTo(RaftState.Follower));
        Assert.That(added.Node.Term, Is.EqualTo(leader.Node!.Term));
    }

    [Test]
    [Reference("a25", "g13", "j07")]
    public void There_is_one_change_at_a_time_and_the_next_waits_for_it()
    {
        using VirtualCluster cluster = RunningOf(5, founders: 3);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer[] followers = [.. cluster.Servers.Take(3).Where(s => s != leader)];
        cluster.Network.Isolate(leader.Address, followers.Select(s => s.Address));
        ulong before = leader.Node!.Core.State.Configurations.LatestIndex;

        Task<ApplyResult> first = leader.Node.AddNonvoterAsync("n4", "addr4");
        Task<ApplyResult> second = leader.Node.AddNonvoterAsync("n5", "addr5");
        cluster.Pass(TimeSpan.FromMilliseconds(100));
        ulong whileCut = leader.Node.Core.State.Configurations.LatestIndex;
        int servers = leader.Node.Core.State.Configuration.Servers.Length;
        cluster.Network.Heal();

        Assert.That(whileCut, Is.EqualTo(before + 1).Or.EqualTo(3));
        Assert.That(servers, Is.EqualTo(4));
        Assert.That(cluster.Run(second).Index, Is.GreaterThan(cluster.Run(first).Index));
        Assert.That(leader.Node.Core.State.Configuration.Servers, Has.Length.EqualTo(5));
    }

    [Test]
    [Reference("D13", "D14")]
    public void A_change_for_another_configuration_or_one_that_leaves_no_voter_is_refused_and_nothing_appended()
    {
        using VirtualCluster cluster = VirtualCluster.Running(1);
        VirtualServer leader = cluster.Servers[0];
        ulong last = leader.Node!.LastIndex;

        Assert.That(
            () => cluster.Run(leader.Node.AddVoterAsync("n2", "addr2", previousIndex: 77)),
            Throws.TypeOf<ConfigurationChangeException>().With.Message.Contains("at 77"));
        Assert.That(
            () => cluster.Run(leader.Node.RemoveServerAsync(leader.Id)), Throws.TypeOf<ConfigurationChangeException>());
        Assert.That(
            () => cluster.Run(leader.Node.AddVoterAsync("n2", leader.Address)), Throws.TypeOf<ConfigurationChangeException>());
        Assert.That(leader.Node.LastIndex, Is.EqualTo(last));
    }

    [Test]
    [Reference("a25")]
    public void A_change_that_waits_too_long_for_the_one_before_is_refused()
    {
        using VirtualCluster cluster = RunningOf(5, founders: 3, slowLease: true);
        VirtualServer leader = cluster.AwaitLeader();
        cluster.Network.Isolate(leader.Address, cluster.Servers.Select(s => s.Address));
        Task<ApplyResult> first = leader.Node!.AddNonvoterAsync("n4", "addr4");
        Task<ApplyResult> second = leader.Node.AddNonvoterAsync("n5", "addr5", timeout: TimeSpan.FromMilliseconds(50));

        Assert.That(() => cluster.Run(second), Throws.TypeOf<EnqueueTimeoutException>());
        Assert.That(first.IsCompleted, Is.False);
    }

    [Test]
    [Reference("c25", "c26")]
    public void A_configuration_whose_entry_is_truncated_gives_way_to_the_one_before()
    {
        using VirtualCluster cluster = RunningOf(4, founders: 3);
        VirtualServer old = cluster.AwaitLeader();
        VirtualServer[] others = [.. cluster.Servers.Take(3).Where(s => s != old)];
        cluster.Network.Isolate(old.Address, cluster.Servers.Select(s => s.Address));
        Task<ApplyResult> lost = old.Node!.AddVoterAsync("n4", "addr4");
        cluster.Pass(TimeSpan.FromMilliseconds(20));
        ClusterConfiguration appended = old.Node.Core.State.Configuration;
        VirtualServer leader = cluster.AwaitLeader(others);
        cluster.Run(cluster.Apply(leader, "later"));

        cluster.Network.Heal();
        cluster.Await("the old leader follows", () => old.Node.LastIndex == leader.Node!.LastIndex
            && old.Node.Leader.Id == leader.Id);

        Assert.That(appended.Servers, Has.Length.EqualTo(4));
        Assert.That(old.Node.Core.State.Configuration, Is.EqualTo(cluster.Founders));
        Assert.That(() => cluster.Run(lost), Throws.TypeOf<LeadershipLostException>());
    }

    [Test]
    [Reference("C2", "D3", "c12", "a07")]
    public void W18_a_removed_server_learns_that_it_is_removed_and_does_not_campaign()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer removed = cluster.Servers.First(s => s != leader);

        ulong index = cluster.Run(leader.Node!.RemoveServerAsync(removed.Id)).Index;
        cluster.Await("the removed server knows", () => removed.Node!.CommitIndex >= index);
        ulong term = leader.Node.Term;
        cluster.Pass(TimeSpan.FromSeconds(30));

        Assert.That(removed.Node!.State, Is.EqualTo(RaftState.Follower));
        Assert.That(cluster.Servers.Select(s => s.Node!.Core.State.Configuration.Servers.Length), Is.All.EqualTo(2));
        Assert.That(removed.Node.Core.State.Configuration.Find(removed.Id), Is.Null);
        Assert.That(cluster.Servers.Max(s => s.Node!.Term), Is.EqualTo(term));
        cluster.Run(cluster.Apply(leader, "goes on"));
    }

    /// <summary>The leader commits a removal and is gone before it could tell the removed server, which comes within reach then.</summary>
    /// <param name="after">How long after the removal that is, in election timeouts.</param>
    /// <param name="learns">Whether the next leader still tells it.</param>
    [TestCase(3, true)]
    [TestCase(12, false)]
    public void W18_a_removed_server_learns_it_from_the_next_leader_too_unless_it_is_long_ago(int after, bool learns)
    {
        using VirtualCluster cluster = VirtualCluster.Running(4);
        VirtualServer old = cluster.AwaitLeader();
        VirtualServer removed = cluster.Servers.First(s => s != old);
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != old && s != removed)];
        cluster.Network.Isolate(removed.Address, [.. cluster.Servers.Where(s => s != removed).Select(s => s.Address)]);
        ulong index = cluster.Run(old.Node!.RemoveServerAsync(removed.Id)).Index;
        cluster.Await("the others hold it", () => others.All(s => s.Node!.CommitIndex >= index));
        TimeSpan waits = (old.Config.ElectionTimeout * after) - TimeSpan.FromSeconds(2);
        cluster.Pass(waits);
        cluster.Kill(old);
        cluster.Network.Heal();
        VirtualServer next = cluster.AwaitLeader(others);
        ulong term = next.Node!.Term;
        cluster.Pass(TimeSpan.FromSeconds(30));

        Assert.That(removed.Node!.CommitIndex >= index, Is.EqualTo(learns));
        Assert.That(next.Node.Term, Is.EqualTo(term));
        Assert.That(next.Node.State, Is.EqualTo(RaftState.Leader));
    }

    [TestCase(false)]
    [TestCase(true)]
    [Reference("D5", "a22", "g15")]
    public void W19_a_leader_that_is_removed_or_demoted_hands_over_and_goes_on_running(bool isDemoted)
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer old = cluster.AwaitLeader();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != old)];
        TimeSpan since = cluster.Clock.Now;

        cluster.Run(isDemoted ? old.Node!.DemoteVoterAsync(old.Id) : old.Node!.RemoveServerAsync(old.Id));
        VirtualServer next = cluster.AwaitLeader(others);
        TimeSpan took = cluster.Clock.Now - since;

        Assert.That(took, Is.LessThan(TimeSpan.FromMilliseconds(200)), "nobody waited for an election timeout");
        cluster.Await("the old leader stepped down", () => old.Node!.State == RaftState.Follower);
        Assert.That(old.Node!.Completion.IsCompleted, Is.False);
        Assert.That(old.Node.Core.State.Configuration.IsVoter(old.Id), Is.False);
        Assert.That(() => cluster.Run(cluster.Apply(old, "refused")), Throws.TypeOf<NotLeaderException>());
        cluster.Run(cluster.Apply(next, "goes on"));
        Assert.That(next.Node!.Core.State.Configuration.QuorumSize, Is.EqualTo(2));
        cluster.Pass(TimeSpan.FromSeconds(20));
        Assert.That(old.Node.State, Is.EqualTo(RaftState.Follower));
    }

    [Test]
    [Reference("D4", "d19", "g15")]
    public void A_leader_that_is_removed_stops_its_node_if_it_is_to_and_answers_first()
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            3, server => server.Config = server.Config with { ShutdownOnRemove = true });
        VirtualServer old = cluster.AwaitLeader();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != old)];
        RaftNode node = old.Node!;

        ulong index = cluster.Run(node.RemoveServerAsync(old.Id)).Index;
        cluster.Run(node.Completion);
        VirtualServer next = cluster.AwaitLeader(others);
        cluster.Run(cluster.Apply(next, "goes on"));

        Assert.That(node.State, Is.EqualTo(RaftState.Shutdown));
        Assert.That(next.Node!.Core.State.Configuration.Servers.Select(s => s.Id), Is.EquivalentTo(others.Select(s => s.Id)));
        Assert.That(next.Node.Core.State.Configurations.LatestIndex, Is.EqualTo(index));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Neither_a_leader_that_is_demoted_nor_a_follower_that_is_removed_stops_its_node(bool isDemoted)
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            3, server => server.Config = server.Config with { ShutdownOnRemove = true });
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer changed = isDemoted ? leader : cluster.Servers.First(s => s != leader);

        ulong index = cluster.Run(isDemoted
            ? leader.Node!.DemoteVoterAsync(changed.Id) : leader.Node!.RemoveServerAsync(changed.Id)).Index;
        cluster.Await("it knows", () => changed.Node!.CommitIndex >= index && changed.Node.State == RaftState.Follower);
        cluster.Pass(TimeSpan.FromSeconds(20));

        Assert.That(changed.Node!.Completion.IsCompleted, Is.False);
        Assert.That(changed.Node.State, Is.EqualTo(RaftState.Follower));
    }

    [Test]
    public void A_server_that_was_removed_wiped_and_added_again_starts_from_nothing()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer again = cluster.Servers.First(s => s != leader);
        cluster.Run(leader.Node!.RemoveServerAsync(again.Id));
        cluster.Kill(again);
        again.Wipe();
        cluster.Run(cluster.Apply(leader, "meanwhile"));

        cluster.Start(again);
        cluster.Run(leader.Node.AddNonvoterAsync(again.Id, again.Address));
        cluster.AwaitSame();
        cluster.Run(leader.Node.AddVoterAsync(again.Id, again.Address));
        cluster.AwaitSame();

        Assert.That(again.Fsm.Applied, Has.Count.EqualTo(1));
    }

    [Test]
    [Reference("E4", "b08", "j07")]
    public void Three_become_five_and_three_again_under_writes()
    {
        using VirtualCluster cluster = RunningOf(5, founders: 3);
        VirtualServer leader = cluster.AwaitLeader();
        var written = new List<Task<ApplyResult>>();
        foreach (VirtualServer added in cluster.Servers.Skip(3))
        {
            cluster.Start(added);
            written.Add(cluster.Apply(leader, $"before {added.Id}"));
            cluster.Run(leader.Node!.AddNonvoterAsync(added.Id, added.Address));
            written.Add(cluster.Apply(leader, $"between {added.Id}"));
            cluster.Run(leader.Node!.AddVoterAsync(added.Id, added.Address));
        }

        foreach (VirtualServer gone in cluster.Servers.Take(3).Where(s => s != leader).Take(2).ToArray())
        {
            written.Add(cluster.Apply(leader, $"before removal of {gone.Id}"));
            cluster.Run(leader.Node!.RemoveServerAsync(gone.Id));
        }

        written.ForEach(w => cluster.Run(w));
        Assert.That(leader.Node!.Core.State.Configuration.VoterCount, Is.EqualTo(3));
        Assert.That(leader.Fsm.Applied, Has.Count.EqualTo(6));
    }

    /// <summary>A cluster of some of the servers, the others not started yet.</summary>
    private static VirtualCluster RunningOf(int servers, int founders, bool slowLease = false)
    {
        var cluster = new VirtualCluster(servers, server =>
        {
            if (slowLease)
            {
                TimeSpan time = TimeSpan.FromSeconds(10);
                server.Config = server.Config with
                {
                    HeartbeatTimeout = time,
                    ElectionTimeout = time,
                    LeaderLeaseTimeout = time,
                };
            }
        });
        cluster.Founders = new ClusterConfiguration(cluster.Founders.Servers.Take(founders));
        foreach (VirtualServer server in cluster.Servers.Take(founders))
        {
            cluster.Start(server);
        }

        cluster.Run(cluster.Servers[0].Node!.BootstrapClusterAsync(cluster.Founders));
        VirtualServer leader = cluster.AwaitLeader(among: [.. cluster.Servers.Take(founders)]);
        cluster.Await("the founders applied", () => cluster.Servers.Take(founders)
            .All(s => s.Node!.AppliedIndex >= 2 && s.Node.Leader.Id == leader.Id));
        return cluster;
    }
}
