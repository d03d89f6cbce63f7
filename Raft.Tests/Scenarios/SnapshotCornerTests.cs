using System.Text;
using Raft.Storage;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Corners of snapshots, members and transfers in which something once went wrong.</summary>
public sealed class SnapshotCornerTests
{
    [Test]
    public void W35_An_idle_cluster_takes_a_snapshot_past_its_last_configuration()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        cluster.Run(cluster.Apply(leader, "the last command"));
        ulong index = cluster.Run(leader.Node!.AddNonvoterAsync("n9", "addr9")).Index;

        SnapshotMeta taken = cluster.Run(leader.Node.SnapshotAsync());

        Assert.That((taken.Index, taken.Point.ConfigurationIndex), Is.EqualTo((index, index)));
        Assert.That(taken.Point.Configuration.Find("n9"), Is.Not.Null);
    }

    [Test]
    [Reference("g09")]
    public void Terms_right_behind_the_snapshot_are_known_after_the_log_was_truncated_to_nothing()
    {
        using LoneFollower follower = WithEntryOfTerm2RightBehindSnapshotOfTerm1();

        // The leader of term 3 has an entry of term 1 there (figure 8): the term at the snapshot.
        follower.Send(LoneFollower.Append("n3", 3, 3, 1, commit: 3, LoneFollower.Entries(4, 1)));

        Assert.That(follower.Node.Completion.IsCompleted, Is.False, $"{follower.Node.Completion.Exception?.InnerException}");
        Assert.That(follower.Node.Core.State.Log.TermAt(4), Is.EqualTo(1));
    }

    [Test]
    public void A_snapshot_of_the_own_state_machine_drops_no_entry_that_was_acknowledged()
    {
        using LoneFollower follower = WithEntryOfTerm2RightBehindSnapshotOfTerm1();

        LoneFollower.Answer answer = follower.Send(
            LoneFollower.Append("n3", 3, 3, 1, commit: 4, LoneFollower.Entries(4, 1, 3, 3)));
        Assert.That(answer.Append.Success, Is.True);
        Assert.That(follower.Disk.LastIndex, Is.EqualTo(6));
        follower.Cluster.Run(follower.Node.SnapshotAsync());
        follower.Pass();

        Assert.That(
            follower.Node.Core.State.Log.LastIndex, Is.EqualTo(6), "entries 5 and 6 were acknowledged to the leader");
        Assert.That(follower.Disk.LastIndex, Is.EqualTo(6));
    }

    [Test]
    public void A_snapshot_that_is_swapped_in_while_the_next_read_of_the_feeder_is_due_stops_no_node()
    {
        var faults = new List<string>();
        for (int yields = 0; yields < 8; yields++)
        {
            using var follower = new LoneFollower();
            follower.Send(LoneFollower.Append("n2", 2, 1, 1, commit: 1, [.. Enumerable.Range(2, 16).Select(i => Large((ulong)i, 2))]));
            follower.Cluster.Kill(follower.Server);
            follower.Cluster.Start(follower.Server);
            var body = new GatedBody(Encoding.UTF8.GetBytes("1\t1\tone\n"), yields);
            var answer = new LoneFollower.Answer();
            follower.Cluster.Network.Carry("addr2", follower.Server.Address, Install(follower, index: 40, term: 2, size: 8), answer.Set, body);
            follower.Pass();

            // The leader tells that all is committed; the snapshot's last bytes come at the same time.
            follower.Hand(LoneFollower.Append("n2", 2, 17, 2, commit: 17), new LoneFollower.Answer());
            body.Open();
            follower.Pass();
            if (follower.Node.Completion.IsCompleted)
            {
                faults.Add($"after {yields}: {follower.Node.Completion.Exception?.InnerException?.Message}");
            }
        }

        Assert.That(faults, Is.Empty);
    }

    [Test]
    public void A_snapshot_is_not_durable_before_the_term_it_came_in()
    {
        using var follower = new LoneFollower();
        follower.Disk.HoldRecordWrites = true;
        follower.SendSnapshot("n2", term: 2, index: 9, lastTerm: 2, "1\t1\tone\n");

        // The power is cut before the record of term 2 is durable.
        follower.Disk.IsBroken = true;
        follower.Disk.ReleaseWrites();
        follower.Cluster.Await("the node stopped", () => follower.Node.Completion.IsCompleted);
        follower.Disk.IsBroken = false;
        follower.Server.Node = null;

        Assert.That(() => follower.Cluster.Start(follower.Server), Throws.Nothing);
    }

    [Test]
    public void An_older_snapshot_does_not_take_the_place_of_one_that_the_log_gave_way_to()
    {
        var kept = new KeepingStore();
        using VirtualCluster cluster = VirtualCluster.Running(1, s =>
        {
            s.Config = s.Config with { TrailingLogs = 0 };
            s.Snapshots = kept;
        });
        VirtualServer server = cluster.Servers[0];
        cluster.Run(cluster.Apply(server, "one"));
        cluster.Run(server.Node!.SnapshotAsync());
        ApplyResult acknowledged = cluster.Run(cluster.Apply(server, "two"));
        cluster.Run(server.Node!.SnapshotAsync());
        cluster.Pass(TimeSpan.FromMilliseconds(10));
        cluster.Kill(server);

        kept.IsNewestDamaged = true;
        try
        {
            cluster.Start(server);
        }
        catch (StoreException)
        {
            return;
        }

        Assert.That(server.Node!.LastIndex, Is.GreaterThanOrEqualTo(acknowledged.Index), "what was acknowledged is gone, and the node starts");
    }

    [Test]
    public void A_state_that_is_written_in_part_as_the_node_stops_becomes_no_snapshot()
    {
        using VirtualCluster cluster = VirtualCluster.Running(1);
        VirtualServer server = cluster.Servers[0];
        cluster.Kill(server);
        cluster.Start(server, new ObedientFsm());
        cluster.AwaitLeader();
        cluster.Await("it applied", () => server.Node!.AppliedIndex > 0);
        Task<SnapshotMeta> taken = server.Node!.SnapshotAsync();
        cluster.Pass(TimeSpan.FromMilliseconds(10));
        Assert.That(taken.IsCompleted, Is.False);

        cluster.Run(server.Node!.ShutdownAsync());
        server.Node = null;

        Assert.That(cluster.Run(server.Snapshots.ListAsync().AsTask()), Is.Empty);
    }

    [Test]
    [Reference("H14")]
    public void The_log_stays_as_long_as_a_snapshot_is_on_its_way_and_not_answered()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3, server =>
        {
            TimeSpan time = TimeSpan.FromMilliseconds(100);
            server.Config = server.Config with
            {
                TrailingLogs = 0,
                HeartbeatTimeout = time,
                ElectionTimeout = time,
                LeaderLeaseTimeout = time,
                DiskStallTimeout = TimeSpan.FromMinutes(1),
            };
        });
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer away = cluster.Servers.First(s => s != leader);
        cluster.Kill(away);
        cluster.Network.Timeout = TimeSpan.FromSeconds(10);
        cluster.Run(cluster.Apply(leader, "one"));
        SnapshotMeta sent = cluster.Run(leader.Node!.SnapshotAsync());
        cluster.Start(away);
        away.Stores.HoldLogWrites = true;
        cluster.Await("the snapshot came", () => away.Node!.LastIndex == sent.Index);

        // The follower's disk takes its time (Go: its state machine). The call has its own deadline, of 100 s here.
        cluster.Pass(TimeSpan.FromSeconds(4));
        cluster.Run(cluster.Apply(leader, "two"));
        cluster.Run(leader.Node!.SnapshotAsync());
        cluster.Pass(TimeSpan.FromMilliseconds(200));

        Assert.That(leader.Node!.State, Is.EqualTo(RaftState.Leader));
        Assert.That(leader.Node!.Core.State.Log.FirstIndex, Is.LessThanOrEqualTo(sent.Index + 1), "or it needs another one (W15)");
    }

    [Test]
    public void A_snapshot_of_what_is_committed_here_is_answered_once_that_is_durable_here()
    {
        using var follower = new LoneFollower();
        follower.Disk.HoldLogWrites = true;
        follower.Send(LoneFollower.Append("n2", 2, 1, 1, commit: 4, LoneFollower.Entries(2, 2, 2, 2)));
        Assert.That(follower.Node.CommitIndex, Is.EqualTo(4));

        LoneFollower.Answer answer = follower.SendSnapshot("n2", term: 2, index: 4, lastTerm: 2, "whatever");

        Assert.That(follower.Disk.LastIndex, Is.EqualTo(1));
        Assert.That(answer.HasCome, Is.False, "its sender takes success for: durable up to 4");
    }

    [Test]
    public void A_leader_whose_newest_snapshot_is_damaged_brings_a_follower_up_all_the_same()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3, server =>
        {
            server.Config = server.Config with { TrailingLogs = 0 };
            server.Snapshots = new KeepingStore();
        });
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer away = cluster.Servers.First(s => s != leader);
        cluster.Kill(away);
        cluster.Run(cluster.Apply(leader, "one"));
        cluster.Run(leader.Node!.SnapshotAsync());
        cluster.Run(cluster.Apply(leader, "two"));
        ((KeepingStore)leader.Snapshots).IsNewestDamaged = true;

        cluster.Start(away);
        cluster.Await("it has all", () => away.Node!.AppliedIndex == leader.Node!.LastIndex);
    }

    /// <summary>n1 with a snapshot that ends at (3, 1), and behind it one entry, of term 2, that is not committed.</summary>
    private static LoneFollower WithEntryOfTerm2RightBehindSnapshotOfTerm1()
    {
        var follower = new LoneFollower();
        follower.Cluster.Kill(follower.Server);
        follower.Server.Config = follower.Server.Config with { TrailingLogs = 0 };
        follower.Cluster.Start(follower.Server);
        follower.Send(LoneFollower.Append("n2", 1, 1, 1, commit: 3, LoneFollower.Entries(2, 1, 1)));
        follower.Send(LoneFollower.Append("n3", 2, 3, 1, commit: 3, LoneFollower.Entries(4, 2)));
        follower.Cluster.Run(follower.Node.SnapshotAsync());
        follower.Pass();
        Assert.That(follower.Node.Core.State.Log.FirstIndex, Is.EqualTo(4));
        return follower;
    }

    private static InstallSnapshotRequest Install(LoneFollower follower, ulong index, ulong term, int size) =>
        new(LoneFollower.Header("n2"))
        {
            SnapshotVersion = 1,
            Term = term,
            Leader = "addr2",
            LastLogIndex = index,
            LastLogTerm = term,
            Configuration = ConfigurationEncoding.Encode(follower.Cluster.Founders),
            ConfigurationIndex = 1,
            Size = size,
        };

    private static LogSlice Large(ulong index, ulong term) => new(LogBatchBuilder.Single(
        index, term, LogType.Command, new byte[300 << 10], LogTimestamp.Zero));

    private sealed class GatedBody(byte[] bytes, int yields) : ISnapshotBody
    {
        private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool _isRead;

        public void Open() => _gate.SetResult();

        public async ValueTask<int> ReadAsync(Memory<byte> buffer)
        {
            if (_isRead)
            {
                return 0;
            }

            _isRead = true;
            await _gate.Task;
            for (int i = 0; i < yields; i++)
            {
                await Task.Yield();
            }

            bytes.CopyTo(buffer);
            return bytes.Length;
        }
    }

    /// <summary>Keeps all snapshots; the newest may turn out to be damaged.</summary>
    private sealed class KeepingStore : ISnapshotStore
    {
        private readonly List<(SnapshotMeta Meta, InMemorySnapshotStore Store)> _kept = [];

        private string? _damaged;

        /// <summary>The newest one is damaged from now on.</summary>
        public bool IsNewestDamaged
        {
            set => _damaged = value ? _kept.MaxBy(k => k.Meta.Index).Meta.Id : null;
        }

        public async ValueTask<ISnapshotSink> CreateAsync(SnapshotPoint point)
        {
            var store = new InMemorySnapshotStore();
            return new Sink(this, store, await store.CreateAsync(point));
        }

        public ValueTask<IReadOnlyList<SnapshotMeta>> ListAsync() =>
            ValueTask.FromResult<IReadOnlyList<SnapshotMeta>>([.. _kept.Select(k => k.Meta).OrderByDescending(m => m.Index).ThenByDescending(m => m.Id)]);

        public ValueTask<ISnapshotSource> OpenAsync(string id)
        {
            (SnapshotMeta meta, InMemorySnapshotStore store) = _kept.Find(k => k.Meta.Id == id);
            return id == _damaged
                ? throw new CorruptStoreException("it is damaged")
                : store.OpenAsync(meta.Id[..meta.Id.LastIndexOf('/')]);
        }

        private sealed class Sink(KeepingStore owner, InMemorySnapshotStore store, ISnapshotSink inner) : ISnapshotSink
        {
            public string Id => inner.Id;

            public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => inner.WriteAsync(bytes);

            public async ValueTask<SnapshotMeta> CommitAsync()
            {
                SnapshotMeta meta = await inner.CommitAsync();
                meta = meta with { Id = $"{meta.Id}/{owner._kept.Count}" };
                owner._kept.Add((meta, store));
                return meta;
            }

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }

    /// <summary>Stops writing its state when it is told to, without a word.</summary>
    private sealed class ObedientFsm : IFsm
    {
        public object? Apply(LogEntry entry) => null;

        public IFsmSnapshot Snapshot() => new Held();

        public Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken) => Task.CompletedTask;

        private sealed class Held : IFsmSnapshot
        {
            public async Task PersistAsync(Stream destination, CancellationToken cancellationToken)
            {
                await destination.WriteAsync(new byte[10], CancellationToken.None);
                var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                using CancellationTokenRegistration stop = cancellationToken.Register(told.SetResult);

                // As a loop does that looks at the token between two records.
                await told.Task;
            }

            public void Dispose()
            {
            }
        }
    }
}
