using System.Runtime.CompilerServices;
using Raft.Stores.Wal;

namespace Raft.Bench.Allocations;

/// <summary>What a leader alone allocates for the commands of a number of callers, each with one under way.</summary>
internal static class LeaderLoad
{
    private const int WarmUpsMax = 20_000;

    /// <summary>How many commands are counted.</summary>
    public static int CountOf(int callers) => Math.Min(400_000, callers * 3000);

    /// <summary>Measures.</summary>
    /// <param name="size">Bytes of a command.</param>
    /// <param name="callers">How many there are.</param>
    public static async Task<LeaderFigures> MeasureAsync(int size, int callers)
    {
        string directory = Path.Combine(Path.GetTempPath(), $"raft-allocations-{Environment.ProcessId}");
        try
        {
            await using WalStore store = await WalStore.OpenAsync(directory);
            var fsm = new CountingFsm();
            await using RaftNode node = await StartAsync(store, fsm);
            byte[] command = new byte[size];
            int count = CountOf(callers);
            await RunAsync(() => node.ApplyAsync(command), callers, WarmUpsMax);
            long entryBytes = fsm.EntryBytes;
            long groups = fsm.Groups;
            double bytes = await RunAsync(() => node.ApplyAsync(command), callers, count);
            entryBytes = fsm.EntryBytes - entryBytes;
            groups = fsm.Groups - groups;
            await RunAsync(Nothing, callers, WarmUpsMax);
            double own = await RunAsync(Nothing, callers, count);
            return new LeaderFigures((double)count / groups, bytes, (double)entryBytes / count, own);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<RaftNode> StartAsync(WalStore store, CountingFsm fsm)
    {
        var config = new RaftConfig { LocalId = "n1", SnapshotThreshold = ulong.MaxValue };
        var snapshots = new InMemorySnapshotStore();
        InMemoryTransport transport = new InMemoryNetwork(TimeProvider.System).CreateTransport("n1");
        await RaftNode.BootstrapClusterAsync(
            config, store.Log, store.Stable, snapshots, new ClusterConfiguration(new Server("n1", "n1")));
        RaftNode node = await RaftNode.StartAsync(config, fsm, store.Log, store.Stable, snapshots, transport);
        while (node.State != RaftState.Leader)
        {
            await Task.Delay(10);
        }

        return node;
    }

    /// <summary>Has all callers make calls until there were enough.</summary>
    /// <returns>Bytes allocated a call, by whomever.</returns>
    private static async Task<double> RunAsync(Func<ValueTask<ApplyResult>> call, int callers, int count)
    {
        int left = count;
        var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task[] all = [.. Enumerable.Range(0, callers).Select(_ => CallAsync())];
        long before = GC.GetTotalAllocatedBytes(precise: true);
        start.SetResult();
        await Task.WhenAll(all);
        return (double)(GC.GetTotalAllocatedBytes(precise: true) - before) / count;

        async Task CallAsync()
        {
            await start.Task;
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await call();
            }
        }
    }

    /// <summary>Stands in for a node: comes back on the thread pool, and allocates nothing.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<ApplyResult> Nothing()
    {
        await Task.Yield();
        return default;
    }
}
