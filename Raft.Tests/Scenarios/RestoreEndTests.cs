using System.Runtime.CompilerServices;
using System.Text;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>A user's restore that is not let come to its end: the node stops, the state machine throws, or it is given up.</summary>
public sealed class RestoreEndTests
{
#pragma warning disable CA2025 // The cluster moves until the task has ended, before the stream goes.
    [Test]
    public void A_node_that_is_stopped_in_the_midst_of_a_restore_tells_all_whose_commands_stand_behind_it_and_stops_well()
    {
        var fsm = new HeldFsm();
        using VirtualCluster cluster = InTheMidst(fsm, out List<Task<ApplyResult>> callers);

        cluster.Run(cluster.Servers[0].Node!.ShutdownAsync());
        cluster.Await("all were told", () => callers.TrueForAll(c => c.IsCompleted));

        Assert.That(
            callers.Where(c => !c.IsCompletedSuccessfully).Select(c => c.Exception!.InnerException),
            Is.All.TypeOf<LeadershipLostException>().Or.TypeOf<RaftShutdownException>());
        Assert.That(cluster.Servers[0].Node!.Completion.IsCompletedSuccessfully, "nobody failed");
    }

    [Test]
    public void Where_the_state_machine_throws_in_a_restore_all_whose_commands_stand_behind_it_are_told()
    {
        var fsm = new HeldFsm();
        using VirtualCluster cluster = InTheMidst(fsm, out List<Task<ApplyResult>> callers);

        fsm.Throw();

        RequireFailed(cluster, callers, because: "restored by entry");
    }

    [Test]
    public void Where_the_state_machine_throws_right_before_a_restore_all_whose_commands_stand_behind_it_are_told()
    {
        var fsm = new HeldFsm();
        InTheMidst(fsm, out _).Dispose();

        // The same again, up to the last command before the restore.
        using VirtualCluster cluster = InTheMidst(
            new HeldFsm { ThrowsAt = fsm.Applied[^1] }, out List<Task<ApplyResult>> callers);

        RequireFailed(cluster, callers, because: "while applying entries");
    }

    [Test]
    public void A_restore_that_is_given_up_while_leadership_is_handed_over_in_vain_keeps_no_server_from_snapshots(
        [Values] bool atItsEnd)
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        cluster.Pass(TimeSpan.FromSeconds(1));
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer away = cluster.Servers.First(s => s != leader);
        var state = new SlowStream(new MemoryStream(new byte[64 << 10])) { WaitsAtEnd = atItsEnd };
        Task<ApplyResult> restore = leader.Node!.RestoreAsync(state, state.Length);
        cluster.Pass(TimeSpan.FromMilliseconds(50));
        cluster.Network.Isolate(away.Address, cluster.Servers.Select(s => s.Address));
        Task transfer = leader.Node.TransferLeadershipAsync(away.Id);
        cluster.Pass(TimeSpan.FromMilliseconds(50));
        state.Release();
        Assert.That(() => cluster.Run(restore), Throws.TypeOf<LeadershipTransferInProgressException>());
        Assert.That(() => cluster.Run(transfer), Throws.TypeOf<LeadershipTransferException>());

        RequireSnapshots(cluster, leader);
    }

    [Test]
    public void A_restore_that_is_given_up_while_the_queue_is_full_keeps_no_server_from_snapshots([Values(0, 1000)] int waitersMax)
    {
        var limits = new RaftLimits { ApplyQueueCountMax = 1, ApplyWaitersMax = waitersMax, UncommittedBytesMax = 1 };
        using VirtualCluster cluster = VirtualCluster.Running(3, s => s.Config = s.Config with { Limits = limits });
        cluster.Pass(TimeSpan.FromSeconds(1));
        VirtualServer leader = cluster.AwaitLeader();
        var state = new SlowStream(new MemoryStream(new byte[100]));
        Task<ApplyResult> restore = leader.Node!.RestoreAsync(state, state.Length, timeout: TimeSpan.FromMilliseconds(50));
        cluster.Pass(TimeSpan.FromMilliseconds(50));

        // For a while nothing is committed, so nothing is taken from the queue.
        cluster.Network.Filter = (_, _, request) => request is not AppendEntriesRequest { IsHeartbeat: false };
        var commands = new List<Task<ApplyResult>>();
        for (int i = 0; i < 3; i++)
        {
            commands.Add(cluster.Apply(leader, $"{i}"));
            cluster.Pass(TimeSpan.FromMilliseconds(1));
        }

        state.Release();
        Assert.That(() => cluster.Run(restore), Throws.TypeOf<EnqueueTimeoutException>());
        cluster.Network.Filter = null;
        cluster.Await("the queue is empty again", () => commands.All(c => c.IsCompleted));

        RequireSnapshots(cluster, leader);
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Whoever_restores_on_a_node_that_is_stopped_is_told_so_and_no_failure_goes_unobserved(bool heedsToken)
    {
        // What other tests left behind is none of this one's.
        CollectAll();
        var unobserved = new List<string>();
        void Note(object? sender, UnobservedTaskExceptionEventArgs e) => unobserved.Add(e.Exception.ToString());
        TaskScheduler.UnobservedTaskException += Note;
        try
        {
            StopWhileRestoring(heedsToken);
            CollectAll();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Note;
        }

        Assert.That(unobserved.Where(u => u.Contains(nameof(RaftShutdownException), StringComparison.Ordinal)), Is.Empty);
    }

    // Nothing of it is on the stack of the test that has it collected.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StopWhileRestoring(bool heedsToken)
    {
        using VirtualCluster cluster = VirtualCluster.Running(1);
        RaftNode node = cluster.Servers[0].Node!;
        var state = new SlowStream(new MemoryStream(new byte[100])) { HeedsToken = heedsToken };
        Task<ApplyResult> restore = node.RestoreAsync(state, state.Length);
        cluster.Pass(TimeSpan.FromMilliseconds(10));

        Task stop = node.ShutdownAsync();
        cluster.Pass(TimeSpan.FromSeconds(10));
        Assert.That(stop.IsCompleted, Is.EqualTo(heedsToken), "it waits for the stream");
        state.Release();
        cluster.Run(stop);

        Assert.That(
            () => cluster.Run(restore), Throws.TypeOf<RaftShutdownException>().With.Message.Contains("Nothing was changed"));
    }
#pragma warning restore CA2025

    private static void CollectAll()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private static void RequireSnapshots(VirtualCluster cluster, VirtualServer leader)
    {
        cluster.Run(cluster.Apply(leader, "goes on"));
        cluster.Pass(TimeSpan.FromSeconds(5));

        Assert.That(leader.Node!.State, Is.EqualTo(RaftState.Leader), "no other leader's entry has ended the restore");
        Assert.That(cluster.Run(leader.Node.SnapshotAsync()).Index, Is.GreaterThan(1));
    }

    /// <summary>A server alone whose state machine is at a restore, with commands before and behind its last entry in the same group.</summary>
    private static VirtualCluster InTheMidst(HeldFsm fsm, out List<Task<ApplyResult>> callers)
    {
        // As long as one group is not committed, the next is gathered.
        var cluster = new VirtualCluster(
            1, s => s.Config = s.Config with { Limits = new RaftLimits { UncommittedBytesMax = 1 } });
        VirtualServer server = cluster.Servers[0];
        cluster.Start(server, fsm);
        cluster.Run(server.Node!.BootstrapClusterAsync(cluster.Founders));
        cluster.AwaitLeader();
        server.Stores.WriteTime = TimeSpan.FromMilliseconds(10);
        var state = new MemoryStream("1\t1\tnew\n"u8.ToArray());
        var told = new List<Task<ApplyResult>> { server.Node.RestoreAsync(state, state.Length) };
        cluster.Await("the state machine is restored, or throws", () =>
        {
            // Now and then the state machine is late, so that commands stand before the restore's last entry in its group too.
            bool isThere = fsm.IsAsked || server.Node.State == RaftState.Shutdown;
            cluster.BlockFsm = !cluster.BlockFsm && !isThere;
            for (int i = 0; i < 3 && !isThere; i++)
            {
                told.Add(cluster.Apply(server, $"{told.Count}"));
            }

            return isThere;
        });
        callers = told;
        return cluster;
    }

    private static void RequireFailed(VirtualCluster cluster, List<Task<ApplyResult>> callers, string because)
    {
        Task completion = cluster.Servers[0].Node!.Completion;
        cluster.Await("the node has ended", () => completion.IsCompleted);
        cluster.Await("all were told", () => callers.TrueForAll(c => c.IsCompleted));
        Assert.That(
            () => completion.GetAwaiter().GetResult(),
            Throws.TypeOf<RaftFatalException>().With.Message.Contains(because));
    }

    /// <summary>A state machine whose restore does not end by itself.</summary>
    private sealed class HeldFsm : IFsm
    {
        private readonly TaskCompletionSource _never = new();

        public bool IsAsked { get; private set; }

        public string? ThrowsAt { get; init; }

        public List<string> Applied { get; } = [];

        public void Throw() => _never.SetException(new InvalidOperationException("cannot go on"));

        public object? Apply(LogEntry entry)
        {
            string command = Encoding.UTF8.GetString(entry.Data.Span);
            Applied.Add(command);
            return command == ThrowsAt ? throw new InvalidOperationException("cannot go on") : null;
        }

        public IFsmSnapshot Snapshot() => throw new NotSupportedException();

        public async Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
        {
            IsAsked = true;
            using CancellationTokenRegistration stop = cancellationToken.Register(() => _never.TrySetCanceled());
            await _never.Task;
        }
    }
}
