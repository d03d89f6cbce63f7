using System.Text;
using Raft.Fsm;
using Raft.Storage;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>A state machine that keeps its own state is given what it lacks, and nothing else (g03).</summary>
public sealed class DurableFsmTests
{
    private KeptFsm.Kept _kept = new();

    [SetUp]
    public void EmptyDisk() => _kept = new KeptFsm.Kept();

    [Test]
    [Reference("g03")]
    public void G03_A_restart_goes_on_behind_what_the_state_machine_has()
    {
        using VirtualCluster cluster = Alone(out VirtualServer server);
        KeptFsm before = Begin(cluster, server);
        Apply(cluster, server, "a", "b");
        _kept.IsWritten = false;
        Apply(cluster, server, "c", "d");
        ulong last = before.Applied.Index;

        KeptFsm after = Restart(cluster, server);
        Apply(cluster, server, "e");

        Assert.That(after.Restored, Is.Empty);
        Assert.That(after.Given[..2], Is.EqualTo(new[] { last - 1, last }));
        Assert.That(after.Commands, Is.EqualTo(new[] { "a", "b", "c", "d", "e" }));
    }

    [Test]
    public void G03_A_snapshot_that_is_no_further_is_not_restored_though_other_entries_lie_behind_the_last_command()
    {
        using VirtualCluster cluster = Alone(out VirtualServer server, trailing: 0);
        Begin(cluster, server);
        Apply(cluster, server, "a", "b");
        cluster.Run(server.Node!.AddNonvoterAsync("n9", "addr9"));
        SnapshotMeta taken = cluster.Run(server.Node.SnapshotAsync());

        KeptFsm after = Restart(cluster, server);
        Apply(cluster, server, "c");

        Assert.That(taken.Index, Is.EqualTo(_kept.Applied.Index - 3), "behind it lie the nonvoter, the new leader's entry, and c");
        Assert.That(after.Restored, Is.Empty);
        Assert.That(after.Commands, Is.EqualTo(new[] { "a", "b", "c" }));
    }

    [Test]
    public void G03_A_state_machine_that_is_behind_the_newest_snapshot_is_restored_to_it()
    {
        using VirtualCluster cluster = Alone(out VirtualServer server, trailing: 0);
        Begin(cluster, server);
        Apply(cluster, server, "a");
        _kept.IsWritten = false;
        Apply(cluster, server, "b");
        SnapshotMeta taken = cluster.Run(server.Node!.SnapshotAsync());
        Apply(cluster, server, "c");

        _kept.IsWritten = true;
        KeptFsm after = Restart(cluster, server);
        cluster.Await("it has all", () => after.Commands.Count == 3);

        Assert.That(after.Restored, Is.EqualTo(new[] { new AppliedPoint(taken.Index, taken.Term) }));
        Assert.That(after.Given, Has.Count.EqualTo(1));
        Assert.That(_kept.Commands, Is.EqualTo(new[] { "a", "b", "c" }));
    }

    [Test]
    public void G03_A_snapshot_of_a_leader_is_restored_with_its_index()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3, s => s.Config = s.Config with { TrailingLogs = 0 });
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer away = cluster.Servers.First(s => s != leader);
        cluster.Kill(away);
        cluster.Run(cluster.Apply(leader, "covered"));
        SnapshotMeta taken = cluster.Run(leader.Node!.SnapshotAsync());
        cluster.Pass(TimeSpan.FromSeconds(1));

        KeptFsm fsm = Start(cluster, away);
        cluster.Await("it has the snapshot", () => fsm.Restored.Count > 0);

        Assert.That(_kept.Applied, Is.EqualTo(new AppliedPoint(taken.Index, taken.Term)));
        Assert.That(fsm.Given, Is.Empty);
    }

    /// <summary>The store notes less than is committed, and what was applied is.</summary>
    [Test]
    public void G03_What_the_state_machine_has_is_known_to_be_committed()
    {
        using VirtualCluster cluster = OneOfThree(LoneFollower.Entries(2, 1, 1, 1));
        _kept.Applied = new AppliedPoint(3, 1);
        cluster.Servers[0].Stores.KnownCommitIndex = 2;

        KeptFsm fsm = Start(cluster, cluster.Servers[0]);
        cluster.Pass(TimeSpan.FromSeconds(1));

        Assert.That((cluster.Servers[0].Node!.CommitIndex, cluster.Servers[0].Node!.AppliedIndex), Is.EqualTo((3ul, 3ul)));
        Assert.That(fsm.Given, Is.Empty);
    }

    [TestCase(5ul, 1ul, "up to 5, but log and snapshot only reach 4")]
    [TestCase(3ul, 2ul, "entry 3 of term 2, which is of term 1 here")]
    public void G03_A_state_machine_that_the_log_contradicts_is_refused(ulong index, ulong term, string why)
    {
        using VirtualCluster cluster = OneOfThree(LoneFollower.Entries(2, 1, 1, 2));
        _kept.Applied = new AppliedPoint(index, term);

        Assert.That(
            () => Start(cluster, cluster.Servers[0]), Throws.InstanceOf<StoreException>().With.Message.Contains(why));
    }

    /// <summary>
    /// The pieces of a restore are no entries of the state machine's. One that stands among them has none of them, and is given
    /// them all the same.
    /// </summary>
    [TestCase(4ul, new[] { "x", "y" })]
    [TestCase(2ul, new[] { "x", "y" })]
    public void G03_A_restore_that_the_state_machine_stands_in_the_middle_of_loses_no_piece(ulong applied, string[] expected)
    {
        using VirtualCluster cluster = OneOfThree(
            LoneFollower.Entries(2, 1),
            Restore(3, RestoreEntryKind.Begin, 0, ""), Restore(4, RestoreEntryKind.Piece, 0, "x\n"), LoneFollower.Entries(5, 1),
            Restore(6, RestoreEntryKind.Piece, 0, "y\n"), Restore(7, RestoreEntryKind.End, 4, ""));
        VirtualServer server = cluster.Servers[0];
        server.Stores.KnownCommitIndex = 7;
        _kept.Applied = new AppliedPoint(applied == 4 ? 5ul : applied, 1);

        KeptFsm fsm = Start(cluster, server);
        cluster.Await("it applied", () => server.Node!.AppliedIndex == 7);

        Assert.That(fsm.Restored, Is.EqualTo(new[] { new AppliedPoint(7, 1) }));
        Assert.That((fsm.Commands, _kept.Applied.Index), Is.EqualTo((expected, 7ul)));
    }

#pragma warning disable CA2025 // The cluster moves until the task has ended, before the stream goes.
    [Test]
    public void G03_A_users_restore_counts_with_the_index_of_its_last_entry()
    {
        using VirtualCluster cluster = Alone(out VirtualServer server);
        Begin(cluster, server);
        Apply(cluster, server, "old");
        var state = new MemoryStream("x\ny"u8.ToArray());
        ApplyResult restored = cluster.Run(server.Node!.RestoreAsync(state, state.Length));

        KeptFsm after = Restart(cluster, server);
        Apply(cluster, server, "new");

        Assert.That(after.Given, Has.Count.EqualTo(1));
        Assert.That((after.Restored.Count, restored.Index), Is.EqualTo((0, after.Given[0] - 2)));
        Assert.That(after.Commands, Is.EqualTo(new[] { "x", "y", "new" }));
    }
#pragma warning restore CA2025

    [Test]
    public void G03_A_recovery_is_not_given_the_state_that_the_server_goes_on_with()
    {
        using VirtualCluster cluster = OneOfThree(LoneFollower.Entries(2, 1, 1));
        VirtualServer server = cluster.Servers[0];
        _kept.Applied = new AppliedPoint(2, 1);
        var alone = new ClusterConfiguration([new Server(server.Id, server.Address)]);

        Assert.That(
            () => RaftNode.RecoverClusterAsync(server.Config, new KeptFsm(_kept), server.Stores, server.Stores, server.Snapshots, alone),
            Throws.ArgumentException.With.Message.Contains("empty one"));
        RaftNode.RecoverClusterAsync(
            server.Config, new KeptFsm(new KeptFsm.Kept()), server.Stores, server.Stores, server.Snapshots, alone,
            acceptsUncommitted: true).GetAwaiter().GetResult();
        KeptFsm fsm = Start(cluster, server);

        Assert.That(fsm.Restored, Is.EqualTo(new[] { new AppliedPoint(3, 1) }));
        Assert.That(fsm.Commands, Is.EqualTo(new[] { "2/1", "3/1" }));
    }

    private static LogSlice Restore(ulong index, RestoreEntryKind kind, long size, string piece)
    {
        var builder = new LogBatchBuilder();
        Span<byte> stamp = stackalloc byte[LogEncoding.TimestampBytesMax];
        stamp = stamp[..LogTimestampEncoding.Write(stamp, LogTimestamp.Zero)];
        byte[] extensions = new RestoreEntry(kind, kind == RestoreEntryKind.Begin ? 0u : 3u, size).Encode();
        builder.Add(
            index, 1, LogType.Noop, stamp, Encoding.UTF8.GetBytes(piece), isDataNil: false, extensions, isExtensionsNil: false);
        return new LogSlice(builder.Build());
    }

    private static VirtualCluster Alone(out VirtualServer server, ulong trailing = 10_000)
    {
        VirtualCluster cluster = VirtualCluster.Running(1, s => s.Config = s.Config with { TrailingLogs = trailing });
        server = cluster.Servers[0];
        return cluster;
    }

    private static VirtualCluster OneOfThree(params LogSlice[] entries)
    {
        var cluster = new VirtualCluster(servers: 3);
        cluster.Seed(cluster.Servers[0], term: 2, entries);
        return cluster;
    }

    private static void Apply(VirtualCluster cluster, VirtualServer server, params string[] commands)
    {
        cluster.AwaitLeader(server);
        foreach (string command in commands)
        {
            cluster.Run(cluster.Apply(server, command));
        }
    }

    /// <summary>Goes on with a state machine of this kind where none was needed until now.</summary>
    private KeptFsm Begin(VirtualCluster cluster, VirtualServer server) => Restart(cluster, server);

    private KeptFsm Restart(VirtualCluster cluster, VirtualServer server)
    {
        cluster.Kill(server);
        return Start(cluster, server);
    }

    private KeptFsm Start(VirtualCluster cluster, VirtualServer server)
    {
        var fsm = new KeptFsm(_kept);
        cluster.Start(server, fsm);
        return fsm;
    }
}
