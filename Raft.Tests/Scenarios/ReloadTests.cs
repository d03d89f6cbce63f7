using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Settings that change while the node runs.</summary>
public sealed class ReloadTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);

    [Test]
    [Reference("A12")]
    public void All_five_settings_are_replaced_and_no_other()
    {
        using VirtualCluster cluster = VirtualCluster.Running(1);
        VirtualServer leader = cluster.AwaitLeader();
        var next = new ReloadableConfig
        {
            TrailingLogs = 1,
            SnapshotInterval = TimeSpan.FromSeconds(2),
            SnapshotThreshold = 3,
            HeartbeatTimeout = TimeSpan.FromSeconds(4),
            ElectionTimeout = TimeSpan.FromSeconds(5),
        };

        cluster.Run(leader.Node!.ReloadConfigAsync(next));

        Assert.That(leader.Node.ReloadableConfig, Is.EqualTo(next));
        Assert.That(ReloadableConfig.Of(leader.Node.Core.Settings.Current), Is.EqualTo(next));
        Assert.That(leader.Node.Core.Settings.Current.LeaderLeaseTimeout, Is.EqualTo(leader.Config.LeaderLeaseTimeout));
    }

    [Test]
    [Reference("A12")]
    public void Settings_that_do_not_go_together_are_refused_and_nothing_changes()
    {
        using VirtualCluster cluster = VirtualCluster.Running(1);
        RaftNode node = cluster.AwaitLeader().Node!;
        ReloadableConfig before = node.ReloadableConfig;

        Assert.That(
            () => node.ReloadConfigAsync(before with { ElectionTimeout = before.HeartbeatTimeout / 2 }),
            Throws.ArgumentException.With.Message.Contains(nameof(RaftConfig.ElectionTimeout)));
        Assert.That(
            () => node.ReloadConfigAsync(before with { HeartbeatTimeout = TimeSpan.FromMilliseconds(100) }),
            Throws.ArgumentException.With.Message.Contains(nameof(RaftConfig.LeaderLeaseTimeout)));
        Assert.That(
            () => node.ReloadConfigAsync(before with { SnapshotInterval = TimeSpan.MaxValue }),
            Throws.ArgumentException.With.Message.Contains(nameof(RaftConfig.SnapshotInterval)));
        Assert.That(
            () => node.ReloadConfigAsync(before with { SnapshotThreshold = 0 }),
            Throws.ArgumentException.With.Message.Contains(nameof(RaftConfig.SnapshotThreshold)));
        Assert.That(node.ReloadableConfig, Is.EqualTo(before));
    }

    [Test]
    [Reference("A13")]
    public void A_follower_that_waits_by_a_long_timeout_campaigns_by_the_short_one()
    {
        using VirtualCluster cluster = Waiting();
        VirtualServer[] followers = [.. cluster.Servers.Where(s => s.Node is not null)];
        cluster.Pass(Short * 3);
        Assert.That(followers.Select(s => s.Node!.State), Is.All.EqualTo(RaftState.Follower), "they wait for long");

        foreach (VirtualServer follower in followers)
        {
            cluster.Run(follower.Node!.ReloadConfigAsync(Quick(follower)));
        }

        cluster.Await("one of them leads", () => cluster.Leaders.Any(), within: Short * 5);
    }

    [Test]
    public void A_candidate_that_waits_by_a_long_timeout_tries_again_by_the_short_one()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3, server => server.Config = Slow(server.Config));
        VirtualServer[] cut = [.. cluster.Servers];
        Array.ForEach(cut, s => cluster.Network.Isolate(s.Address, cut.Where(o => o != s).Select(o => o.Address)));
        cluster.Await("one campaigns", () => cut.Any(s => s.Node!.State == RaftState.Candidate), within: Long * 4);
        VirtualServer candidate = cut.First(s => s.Node!.State == RaftState.Candidate);
        cluster.Network.Heal();

        foreach (VirtualServer server in cut)
        {
            cluster.Run(server.Node!.ReloadConfigAsync(Quick(server)));
        }

        cluster.Await("there is a leader", () => cluster.Leaders.Any(), within: Short * 5);
        Assert.That(candidate.Node!.State, Is.Not.EqualTo(RaftState.Candidate));
    }

    /// <summary>hashicorp/raft's way for a server to come back without a campaign: long timeouts first, the usual ones once it hears.</summary>
    [TestCase(true)]
    [TestCase(false)]
    [Reference("C12")]
    public void A_restarted_follower_with_long_timeouts_causes_no_election_nor_does_reloading_short_ones(bool isLong)
    {
        using VirtualCluster cluster = VirtualCluster.Running(3, server => server.Config = server.Config with
        {
            // Without it, a server that campaigns alone disturbs nobody.
            PreVoteDisabled = true,
        });
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer back = cluster.Servers.First(s => s != leader);
        ReloadableConfig usual = back.Node!.ReloadableConfig;
        ulong term = leader.Node!.Term;
        cluster.Kill(back);
        back.Config = isLong ? Slow(back.Config) : back.Config;
        ServerAddress[] others = [.. cluster.Servers.Where(s => s != back).Select(s => s.Address)];
        cluster.Network.Isolate(back.Address, others);
        cluster.Start(back);

        // It hears nobody for longer than the usual timeouts.
        cluster.Pass(usual.HeartbeatTimeout * 3);
        cluster.Network.Heal();
        cluster.Await("it follows", () => back.Node!.Leader.Id == cluster.AwaitLeader().Id);
        cluster.Run(back.Node!.ReloadConfigAsync(usual));
        cluster.Pass(usual.HeartbeatTimeout * 5);
        ulong after = cluster.AwaitLeader().Node!.Term;
        Assert.That(after, isLong ? Is.EqualTo(term) : Is.GreaterThan(term));

        cluster.Kill(cluster.AwaitLeader());
        TimeSpan since = cluster.Clock.Now;
        cluster.Await("another leads", () => cluster.Leaders.Any());
        Assert.That(cluster.Clock.Now - since, Is.InRange(usual.HeartbeatTimeout / 2, usual.HeartbeatTimeout * 6));
        Assert.That(cluster.AwaitLeader().Node!.Term, Is.GreaterThan(after));
    }

    [Test]
    public void A_smaller_threshold_takes_a_snapshot_and_less_to_keep_lets_go_of_more()
    {
        using VirtualCluster cluster = VirtualCluster.Running(1);
        VirtualServer leader = cluster.AwaitLeader();
        for (int i = 0; i < 30; i++)
        {
            cluster.Run(cluster.Apply(leader, $"{i}"));
        }

        cluster.Run(leader.Node!.ReloadConfigAsync(
            leader.Node.ReloadableConfig with { SnapshotThreshold = 10, TrailingLogs = 20 }));
        cluster.Await("a snapshot is taken", () => leader.Node.Core.State.Log.FirstIndex > 1);
        ulong first = leader.Node.Core.State.Log.FirstIndex;
        cluster.Run(leader.Node.ReloadConfigAsync(leader.Node.ReloadableConfig with { TrailingLogs = 2 }));

        cluster.Await("less is kept", () => leader.Node.Core.State.Log.FirstIndex >= first + 18);
    }

    [Test]
    public void After_the_stop_it_is_refused()
    {
        using VirtualCluster cluster = VirtualCluster.Running(1);
        RaftNode node = cluster.AwaitLeader().Node!;
        cluster.Run(node.ShutdownAsync());

        Assert.That(() => cluster.Run(node.ReloadConfigAsync(node.ReloadableConfig)), Throws.TypeOf<RaftShutdownException>());
    }

    /// <summary>Three servers that wait long for a leader, whose leader has just ended.</summary>
    private static VirtualCluster Waiting()
    {
        VirtualCluster cluster = VirtualCluster.Running(3, server => server.Config = Slow(server.Config));
        cluster.Kill(cluster.AwaitLeader());
        return cluster;
    }

    private static RaftConfig Slow(RaftConfig config) => config with
    {
        HeartbeatTimeout = Long,
        ElectionTimeout = Long,
        // Above the interval of heartbeats, and not above the short timeout.
        LeaderLeaseTimeout = Short,
    };

    private static ReloadableConfig Quick(VirtualServer server) =>
        server.Node!.ReloadableConfig with { HeartbeatTimeout = Short, ElectionTimeout = Short };
}
