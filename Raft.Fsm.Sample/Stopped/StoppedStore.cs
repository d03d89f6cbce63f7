using Raft.Fsm.Sample.Node;
using Raft.Fsm.Sample.Stores;
using Raft.Stores.Bolt;
using Raft.Stores.LiteDb;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Stopped;

/// <summary>Opens a store of any kind to be looked at, also one that is damaged.</summary>
internal static class StoppedStore
{
    /// <summary>Opens it, on a disk that nothing reaches.</summary>
    /// <param name="kind">Its name.</param>
    /// <param name="directory">Where it is.</param>
    /// <param name="disk">The disk.</param>
    /// <returns>The store, as far as it can be read, and what is wrong with it.</returns>
    /// <exception cref="StoreException">It is in use, or cannot be read at all.</exception>
    public static async Task<(OpenStore Store, IReadOnlyList<string> Damage)> OpenAsync(string kind, string directory, ReadOnlyDisk disk)
    {
        try
        {
            switch (kind)
            {
                case StoreNames.Wal:
                    WalReader wal = await WalReader.OpenAsync(directory, disk);
                    return (new OpenStore(wal.Log, wal.Stable, wal), [.. wal.Damage.Select(d => d.Message)]);
                case StoreNames.Go:
                    BoltStore bolt = await BoltStore.OpenAsync(Path.Combine(directory, DataDirectory.GoDatabase));
                    return (new OpenStore(bolt.Log, bolt.Stable, bolt), []);
                default:
                    // LiteDB knows no other way to be opened than one that writes; what it writes stays in memory.
                    LiteDbStore lite = await LiteDbStore.OpenAsync(directory, disk);
                    return (new OpenStore(lite.Log, lite.Stable, lite), []);
            }
        }
        catch (CorruptStoreException damaged)
        {
            return (new OpenStore(new InMemoryLogStore(), new InMemoryStableStore(), Nothing.Instance), [damaged.Message]);
        }
    }

    /// <summary>What is closed where nothing could be opened.</summary>
    private sealed class Nothing : IAsyncDisposable
    {
        public static Nothing Instance { get; } = new();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
