using Raft.Stores.LiteDb;
using Raft.Stores.Wal;

namespace Raft.Bench.Stores;

/// <summary>A store by its name, open. Disposing closes it.</summary>
internal sealed class OpenStore(ILogStore log, IAsyncDisposable owner) : IAsyncDisposable
{
    /// <summary>The stores that are measured: those on disk that this build has.</summary>
    public static string[] Names => LiteDbStore.IsAvailable ? ["wal", "litedb"] : ["wal"];

    /// <summary>Its log.</summary>
    public ILogStore Log => log;

    /// <summary>Opens a store.</summary>
    public static async Task<OpenStore> OpenAsync(string name, string directory)
    {
        if (name == "litedb")
        {
            LiteDbStore liteDb = await LiteDbStore.OpenAsync(directory);
            return new OpenStore(liteDb.Log, liteDb);
        }

        WalStore wal = await WalStore.OpenAsync(directory);
        return new OpenStore(wal.Log, wal);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => owner.DisposeAsync();
}
