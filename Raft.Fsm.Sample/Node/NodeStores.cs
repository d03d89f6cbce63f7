using Raft.Fsm.Sample.Repair;
using Raft.Fsm.Sample.Stores;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Node;

/// <summary>The stores of one node, open. Disposed after the node that uses them.</summary>
internal sealed class NodeStores : IAsyncDisposable
{
    private readonly OpenStore? _store;
    private readonly IDisposable? _claim;

    private NodeStores(ILogStore log, IStableStore stable, ISnapshotStore snapshots, OpenStore? store, IDisposable? claim)
    {
        Snapshots = snapshots;
        Log = log;
        Stable = stable;
        _store = store;
        _claim = claim;
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
    /// <param name="isRepair">Whether it is the directory's repair that opens them.</param>
    /// <exception cref="StoreException">The store refuses, or the directory holds another one, or its repair has not ended.</exception>
    public static async Task<NodeStores> OpenAsync(string name, string directory, bool isRepair = false)
    {
        var disk = new RealDisk();
        if (StoreKind.Find(name) is not { } kind)
        {
            await DataDirectory.RequireNoOtherAsync(directory, name, StoreKind.All, disk);
            return new NodeStores(
                new InMemoryLogStore(), new InMemoryStableStore(), new InMemorySnapshotStore(), store: null, claim: null);
        }

        IDisposable claim = await DataDirectory.ClaimAsync(directory, disk);
        OpenStore? store = null;
        try
        {
            if (!isRepair)
            {
                RepairNote.RequireNone(directory);
            }

            await DataDirectory.RequireNoOtherAsync(directory, name, StoreKind.All, disk);
            store = await kind.OpenAsync(directory, disk);
            return new NodeStores(store.Log, store.Stable, await FileSnapshotStore.OpenAsync(directory, disk), store, claim);
        }
        catch
        {
            if (store is not null)
            {
                await store.DisposeAsync();
            }

            claim.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        _claim?.Dispose();
    }
}
