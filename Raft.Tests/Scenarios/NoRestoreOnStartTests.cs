using Raft.Storage;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>A state machine that keeps its state itself is left alone at a start (A11).</summary>
public sealed class NoRestoreOnStartTests
{
    [TestCase(false)]
    [TestCase(true)]
    [Reference("A11")]
    public void A11_The_newest_snapshot_counts_but_is_restored_only_where_it_is_to_be(bool isLeftAlone)
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            1, s => s.Config = s.Config with { NoSnapshotRestoreOnStart = isLeftAlone, TrailingLogs = 0 });
        VirtualServer server = cluster.Servers[0];
        cluster.Run(cluster.Apply(server, "covered"));
        SnapshotMeta snapshot = cluster.Run(server.Node!.SnapshotAsync());
        cluster.Run(cluster.Apply(server, "behind"));
        cluster.Kill(server);

        cluster.Start(server);
        Assert.That(server.Node!.AppliedIndex, Is.EqualTo(snapshot.Index));
        cluster.Await("it goes on", () => server.Node.State == RaftState.Leader);
        cluster.Run(cluster.Apply(server, "new"));

        Assert.That(
            server.Fsm.Applied.Select(a => a.Command),
            Is.EqualTo(isLeftAlone ? ["behind", "new"] : new[] { "covered", "behind", "new" }));
        Assert.That(server.Node.Core.State.Configuration, Is.EqualTo(cluster.Founders));
    }

    /// <summary>Such a snapshot is in the store before the state machine has it: it may never have got it.</summary>
    [Test]
    public void A_snapshot_of_a_leader_is_restored_at_the_next_start_too()
    {
        using VirtualCluster cluster = WhoseLogIsInASnapshot(out VirtualServer away);
        var stuck = new Stuck();
        cluster.Start(away, stuck);
        cluster.Await("the restore has begun", () => stuck.IsAsked);
        cluster.Kill(away);

        cluster.Start(away);
        cluster.Run(cluster.Apply(cluster.AwaitLeader(), "new"));
        cluster.AwaitSame();

        Assert.That(away.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "covered", "new" }));
    }

    [Test]
    public void What_a_recovery_forced_is_restored()
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            3, s => s.Config = s.Config with { NoSnapshotRestoreOnStart = true });
        VirtualServer leader = cluster.AwaitLeader();
        cluster.Run(cluster.Apply(leader, "known"));
        cluster.Run(leader.Node!.SnapshotAsync());
        cluster.AwaitSame();
        foreach (VirtualServer other in cluster.Servers.Where(s => s != leader))
        {
            cluster.Kill(other);
        }

        _ = cluster.Apply(leader, "forced");
        cluster.Pass(TimeSpan.FromMilliseconds(100));
        cluster.Kill(leader);
        var alone = new ClusterConfiguration([new Server(leader.Id, leader.Address)]);
        RaftNode.RecoverClusterAsync(
            leader.Config, new CountingFsm(), leader.Stores, leader.Stores, leader.Snapshots, alone,
            acceptsUncommitted: true).GetAwaiter().GetResult();

        cluster.Start(leader);
        cluster.Await("it leads", () => leader.Node!.State == RaftState.Leader);
        cluster.Run(cluster.Apply(leader, "new"));

        Assert.That(leader.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "known", "forced", "new" }));
    }

    [Test]
    public void A_snapshot_of_a_leader_is_restored_all_the_same()
    {
        using VirtualCluster cluster = WhoseLogIsInASnapshot(out VirtualServer away);

        cluster.Start(away);
        cluster.AwaitSame();

        Assert.That(away.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "covered" }));
    }

    [Test]
    public void An_own_snapshot_is_noted_while_commands_keep_the_disk_busy()
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            1, s => s.Config = s.Config with { NoSnapshotRestoreOnStart = true, SnapshotThreshold = 100 });
        VirtualServer server = cluster.Servers[0];
        server.Stores.WriteTime = TimeSpan.FromMilliseconds(1);
        for (int i = 0; i < 2000; i++)
        {
            _ = cluster.Apply(server, $"{i}");
            cluster.Pass(TimeSpan.FromMilliseconds(0.4));
        }

        string noted = OwnSnapshot.LoadAsync(server.Stores).AsTask().GetAwaiter().GetResult();
        IReadOnlyList<SnapshotMeta> kept = server.Snapshots.ListAsync().AsTask().GetAwaiter().GetResult();

        Assert.That(noted, Is.AnyOf(kept.Select(s => s.Id).ToArray()));
    }

    [Test]
    public void W7_a_leader_whose_disk_hangs_while_it_notes_a_snapshot_gives_way()
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            3, s => s.Config = s.Config with { NoSnapshotRestoreOnStart = true });
        VirtualServer old = cluster.AwaitLeader();
        cluster.Run(cluster.Apply(old, "a"));
        old.Stores.HoldLogWrites = true;
        old.Stores.HoldRecordWrites = true;
        cluster.Run(old.Node!.SnapshotAsync());
        _ = cluster.Apply(old, "waits behind it");

        VirtualServer leader = cluster.AwaitLeader([.. cluster.Servers.Where(s => s != old)]);
        cluster.Run(cluster.Apply(leader, "b"));
        Assert.That(old.Node.State, Is.EqualTo(RaftState.Follower));

        old.Stores.ReleaseWrites();
        cluster.AwaitSame();
    }

    /// <summary>Three servers, one of which is down and lacks what only the leader's snapshot still holds: one command.</summary>
    private static VirtualCluster WhoseLogIsInASnapshot(out VirtualServer away)
    {
        VirtualCluster cluster = VirtualCluster.Running(
            3, s => s.Config = s.Config with { NoSnapshotRestoreOnStart = true, TrailingLogs = 0 });
        VirtualServer leader = cluster.AwaitLeader();
        away = cluster.Servers.First(s => s != leader);
        cluster.Kill(away);
        cluster.Run(cluster.Apply(leader, "covered"));
        cluster.Run(leader.Node!.SnapshotAsync());
        cluster.Pass(TimeSpan.FromSeconds(1));
        return cluster;
    }

    /// <summary>A state machine whose restore does not end.</summary>
    private sealed class Stuck : IFsm
    {
        public bool IsAsked { get; private set; }

        public object? Apply(LogEntry entry) => null;

        public IFsmSnapshot Snapshot() => throw new NotSupportedException();

        public Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
        {
            IsAsked = true;
            var never = new TaskCompletionSource();
            cancellationToken.Register(never.SetCanceled);
            return never.Task;
        }
    }
}
