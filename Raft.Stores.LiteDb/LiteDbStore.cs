using Raft.Stores.LiteDb.Documents;
using Raft.Stores.LiteDb.Engine;
using Raft.Stores.LiteDb.Files;
using Raft.Stores.LiteDb.Writing;
using Raft.Stores.Wal;

namespace Raft.Stores.LiteDb;

/// <summary>
/// A store on LiteDB: the log and the record of term and vote in one database, in one directory that it holds alone. What
/// LiteDB alone would lose in a power cut it keeps: docs/stores.md says how, docs/formats.md what the files look like.
/// </summary>
/// <remarks>
/// Whoever opens it disposes it, after the node that uses it. Its calls wait for the disk on a thread of its own; so it does not run
/// in a simulation.
/// </remarks>
public sealed class LiteDbStore : IAsyncDisposable
{
    internal const string AbsentText =
        "This build has no LiteDB: when it was built, its package sources had no package LiteDB 5.0.21. Build it where they "
        + "have, or use another store.";

    private readonly IDisposable _lock;
    private readonly DatabaseFiles _files;
    private readonly StoreThread _thread;
    private readonly WriteFuse _fuse;

    private LiteDbStore(IDisposable directoryLock, DatabaseFiles files, StoreThread thread, WriteFuse fuse, StoreContent found)
    {
        _lock = directoryLock;
        _files = files;
        _thread = thread;
        _fuse = fuse;
        CommitIndexHint = found.Writer.KnownCommitIndex;
        Log = new LiteDbLogStore(thread);
        Stable = new LiteDbStableStore(thread, found.TermAndVote, found.Values);
    }

    /// <summary>Whether this build has LiteDB: whether the package could be restored when it was built.</summary>
    public static bool IsAvailable => LiteDbEngine.IsAvailable;

    /// <summary>The log.</summary>
    public ILogStore Log { get; }

    /// <summary>The term and vote.</summary>
    public IStableStore Stable { get; }

    /// <summary>
    /// The highest commit index that stood in the log when it was opened, or 0. What is at or below it was committed;
    /// more may have been.
    /// </summary>
    public ulong CommitIndexHint { get; }

    /// <summary>Opens a store, and creates it where there is none. What it holds is durable on return.</summary>
    /// <param name="directory">Where it lives; created where it is missing.</param>
    /// <param name="disk">The disk, whose files must be <see cref="IBlockingDiskFile"/>; by default the machine's own.</param>
    /// <param name="options">How it works; by default as <see cref="LiteDbOptions"/> says.</param>
    /// <returns>The store.</returns>
    /// <exception cref="StoreLockedException">Another process, or another store of this one, uses the directory.</exception>
    /// <exception cref="CorruptStoreException">What was durable is damaged. Nothing was changed.</exception>
    /// <exception cref="StoreException">This build has no LiteDB, a file is of another version, or the disk failed.</exception>
    public static async ValueTask<LiteDbStore> OpenAsync(string directory, IDisk? disk = null, LiteDbOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= new LiteDbOptions();
        options.Validate();
        if (!IsAvailable)
        {
            throw new StoreException(AbsentText);
        }

        disk ??= new RealDisk();
        IDisposable? directoryLock = null;
        try
        {
            await disk.CreateDirectoryAsync(directory);
            directoryLock = await disk.LockAsync(Path.Combine(directory, LiteDbDirectory.Lock));
            return await OpenLockedAsync(directory, disk, options, directoryLock);
        }
        catch (Exception failure)
        {
            directoryLock?.Dispose();
            throw failure as StoreException
                ?? new StoreException($"The store in {directory} cannot be opened: {failure.Message}", failure);
        }
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
    /// <returns>Completes when another may open the directory; with a disk that hangs within a write, not before it.</returns>
    public async ValueTask DisposeAsync()
    {
        _fuse.BlowByDisposal();
        await _thread.StopAsync();
        await _files.DisposeAsync();
        _lock.Dispose();
    }

    private static async ValueTask<LiteDbStore> OpenLockedAsync(
        string directory, IDisk disk, LiteDbOptions options, IDisposable directoryLock)
    {
        // The database's own: it is still written to when the store is disposed, as it then copies its log into the data file.
        var filesFuse = new WriteFuse();
        DatabaseFiles files = await DatabaseFiles.OpenAsync(directory, disk, options.NextSalt, filesFuse, Create);
        var fuse = new WriteFuse();
        StoreThread thread = StoreThread.Start(
            () => new GuardedDatabase(Open(files.Data, files.Log), files, filesFuse), directory, options.CacheBytes, fuse);
        try
        {
            return new LiteDbStore(directoryLock, files, thread, fuse, await thread.Opened);
        }
        catch
        {
            await thread.StopAsync();
            await files.DisposeAsync();
            throw;
        }

        IDocumentDatabase Open(Stream data, Stream log) => LiteDbEngine.Open(data, log, options.CheckpointPages);

        void Create(Stream data, Stream log) => Open(data, log).Dispose();
    }
}
