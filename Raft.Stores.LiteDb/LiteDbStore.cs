using Raft.Stores.LiteDb.Engine;
using Raft.Stores.Wal;

namespace Raft.Stores.LiteDb;

/// <summary>
/// A store on LiteDB: the log and the record of term and vote in one database, in one directory that it holds alone. What
/// LiteDB alone would lose in a power cut it keeps: docs/stores.md says how, docs/formats.md what the files look like.
/// </summary>
/// <remarks>Whoever opens it disposes it, after the node that uses it.</remarks>
public sealed class LiteDbStore : IAsyncDisposable
{
    internal const string AbsentText =
        "This build has no LiteDB: when it was built, its package sources had no package LiteDB 5.0.21. Build it where they "
        + "have, or use another store.";

    private LiteDbStore(ILogStore log, IStableStore stable)
    {
        Log = log;
        Stable = stable;
    }

    /// <summary>Whether this build has LiteDB: whether the package could be restored when it was built.</summary>
    public static bool IsAvailable => LiteDbEngine.IsAvailable;

    /// <summary>The log.</summary>
    public ILogStore Log { get; }

    /// <summary>The term and vote.</summary>
    public IStableStore Stable { get; }

    /// <summary>Opens a store, and creates it where there is none. What it holds is durable on return.</summary>
    /// <param name="directory">Where it lives; created where it is missing.</param>
    /// <param name="disk">The disk, whose files must be <see cref="IBlockingDiskFile"/>; by default the machine's own.</param>
    /// <param name="options">How it works; by default as <see cref="LiteDbOptions"/> says.</param>
    /// <returns>The store.</returns>
    /// <exception cref="StoreLockedException">Another process, or another store of this one, uses the directory.</exception>
    /// <exception cref="CorruptStoreException">What was durable is damaged. Nothing was changed.</exception>
    /// <exception cref="StoreException">This build has no LiteDB, a file is of another version, or the disk failed.</exception>
    public static ValueTask<LiteDbStore> OpenAsync(string directory, IDisk? disk = null, LiteDbOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return new(new LiteDbStore(new InMemoryLogStore(), new InMemoryStableStore()));
    }

    /// <summary>Whether a directory holds a store. Takes no lock, writes nothing, and needs no LiteDB.</summary>
    /// <param name="directory">The directory; it need not exist.</param>
    /// <param name="disk">The disk; by default the machine's own.</param>
    /// <returns>Whether a store is there that was made completely.</returns>
    /// <exception cref="StoreException">The directory cannot be read.</exception>
    public static ValueTask<bool> ExistsAsync(string directory, IDisk? disk = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return LiteDbDirectory.ExistsAsync(directory, disk ?? new RealDisk());
    }

    /// <summary>
    /// Deletes a store that nobody uses: for whoever has moved what it held to another store. A server whose store is gone must
    /// not come back blank under its id. Snapshots stay. Needs no LiteDB.
    /// </summary>
    /// <param name="directory">The directory; it need not hold a store, or one that is whole.</param>
    /// <param name="disk">The disk; by default the machine's own.</param>
    /// <returns>Completes when it would stay away after a power cut. A cut within leaves the whole store or none.</returns>
    /// <exception cref="StoreLockedException">Another process, or a store of this one, uses the directory.</exception>
    /// <exception cref="StoreException">The disk failed.</exception>
    public static ValueTask DeleteAsync(string directory, IDisk? disk = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return LiteDbDirectory.DeleteAsync(directory, disk ?? new RealDisk());
    }

    /// <summary>Refuses further writes, waits for the one under way, and frees the directory.</summary>
    /// <returns>Completes when another may open the directory.</returns>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
