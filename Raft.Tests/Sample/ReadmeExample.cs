using System.Text;
using System.Text.Json;
using Raft.Stores.LiteDb;
using Raft.Stores.Wal;
using Raft.Transport.Tcp;

namespace Raft.Tests.Sample;

/// <summary>The code of the README, so that it compiles and runs. <see cref="ReadmeTests"/> holds the two equal.</summary>
internal static class ReadmeExample
{
    /// <summary>Runs it.</summary>
    /// <param name="directory">Where the node keeps its data.</param>
    /// <param name="address">Where it listens.</param>
    /// <returns>The counter's answer.</returns>
    public static async Task<object?> RunAsync(string directory, string address)
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(50);

        // README begins
        // Log, term, vote and snapshots live in a directory of this node's own. Open them before the node, dispose them after.
        await using WalStore store = await WalStore.OpenAsync(directory);
        FileSnapshotStore snapshots = await FileSnapshotStore.OpenAsync(directory);
        await using TcpTransport transport = await TcpTransport.ListenAsync(
            new TcpTransportOptions { BindAddress = address });
        var config = new RaftConfig { LocalId = "n1" };

        // Only the first start of a new cluster is bootstrapped, with all its founders: here there is one.
        if (!await RaftNode.HasExistingStateAsync(store.Log, store.Stable, snapshots))
        {
            await RaftNode.BootstrapClusterAsync(
                config, store.Log, store.Stable, snapshots, new ClusterConfiguration(new Server("n1", address)));
        }

        await using RaftNode node = await RaftNode.StartAsync(config, new Counter(), store.Log, store.Stable, snapshots, transport);
        while (node.State != RaftState.Leader)
        {
            await Task.Delay(pause);
        }

        // On the leader: on return the command is on the disks of a majority and applied here.
        ApplyResult result = await node.ApplyAsync("5"u8.ToArray());
        Console.WriteLine($"entry {result.Index} of term {result.Term}: {result.Response}");

        // A linearizable read: once this returns, the state machine has everything that was committed when it was called.
        await node.ReadIndexAsync();
        // README ends
        return result.Response;
    }

    /// <summary>Opens the other store that lasts.</summary>
    /// <returns>What it says of term and vote.</returns>
    public static async Task<TermAndVote?> OpenLiteDbAsync(string directory)
    {
        // README begins
        await using LiteDbStore store = await LiteDbStore.OpenAsync(directory);
        // README ends
        return await store.Stable.LoadAsync();
    }

    // README begins
    /// <summary>A state machine: the same entries lead to the same state on every server.</summary>
    private sealed class Counter : IFsm
    {
        private long _sum;

        public object? Apply(LogEntry entry) => _sum += long.Parse(Encoding.UTF8.GetString(entry.Data.Span));

        // The log does not grow for ever: now and then the state is written, and takes the place of what led to it.
        public IFsmSnapshot Snapshot() => new CounterSnapshot(_sum);

        public async Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken) =>
            _sum = await JsonSerializer.DeserializeAsync<long>(snapshot, cancellationToken: cancellationToken);
    }

    /// <summary>The state at one index. It is written while further commands are applied, so it must not change.</summary>
    private sealed class CounterSnapshot(long sum) : IFsmSnapshot
    {
        public Task PersistAsync(Stream destination, CancellationToken cancellationToken) =>
            JsonSerializer.SerializeAsync(destination, sum, cancellationToken: cancellationToken);

        public void Dispose()
        {
        }
    }
    // README ends
}
