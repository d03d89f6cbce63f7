using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Node;

/// <summary>The stores of one node, open. Disposed after the node that uses them.</summary>
internal sealed class NodeStores : IAsyncDisposable
{
    private readonly IAsyncDisposable? _owner;

    private NodeStores(ILogStore log, IStableStore stable, ISnapshotStore snapshots, IAsyncDisposable? owner)
    {
        Snapshots = snapshots;
        Log = log;
        Stable = stable;
        _owner = owner;
    }

    /// <summary>The log.</summary>
    public ILogStore Log { get; }

    /// <summary>Term and vote.</summary>
    public IStableStore Stable { get; }

    /// <summary>Snapshots.</summary>
    public ISnapshotStore Snapshots { get; }

    /// <summary>Opens stores by name.</summary>
    /// <param name="name">One of <see cref="StoreNames"/>.</param>
    /// <param name="directory">Where they live, for those that live on disk.</param>
    /// <exception cref="StoreException">The store refuses.</exception>
    public static async Task<NodeStores> OpenAsync(string name, string directory)
    {
        if (name == StoreNames.Memory)
        {
            return new NodeStores(
                new InMemoryLogStore(), new InMemoryStableStore(), new InMemorySnapshotStore(), owner: null);
        }

        WalStore wal = await WalStore.OpenAsync(directory);
        try
        {
            return new NodeStores(wal.Log, wal.Stable, await OpenSnapshotsAsync(directory), wal);
        }
        catch
        {
            await wal.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _owner?.DisposeAsync() ?? ValueTask.CompletedTask;

    // Where the snapshots of a write-ahead log live.
    private static Task<ISnapshotStore> OpenSnapshotsAsync(string directory) =>
        Task.FromResult<ISnapshotStore>(new DiscardSnapshotStore());
}
