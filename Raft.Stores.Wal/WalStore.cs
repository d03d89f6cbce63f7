using Raft.Stores.Wal.Recovery;
using Raft.Stores.Wal.Stable;

namespace Raft.Stores.Wal;

/// <summary>
/// The default store: a write-ahead log in segments and an atomic record of term and vote, in one directory that it
/// holds alone. The formats are in docs/formats.md.
/// </summary>
/// <remarks>
/// Whoever opens it disposes it, after the node that uses it. It comes back to the task scheduler that called it
/// after each wait for the disk, so that a simulator runs it on a scheduler and a disk of its own.
/// </remarks>
public sealed class WalStore : IAsyncDisposable
{
    private readonly IDisposable _lock;
    private readonly WalLogStore _log;
    private readonly WalStableStore _stable;
    private readonly WriteFuse _fuse;

    private WalStore(IDisposable directoryLock, WalLogStore log, WalStableStore stable, WriteFuse fuse)
    {
        _lock = directoryLock;
        _log = log;
        _stable = stable;
        _fuse = fuse;
    }

    /// <summary>The log.</summary>
    public ILogStore Log => _log;

    /// <summary>The term and vote.</summary>
    public IStableStore Stable => _stable;

    /// <summary>
    /// The highest commit index that stood in the log when it was opened, or 0. What is at or below it was committed;
    /// more may have been.
    /// </summary>
    public ulong CommitIndexHint => _log.CommitIndexHint;

    /// <summary>Opens a store, and creates it where there is none. What it holds is durable on return.</summary>
    /// <param name="directory">Where it lives; created where it is missing.</param>
    /// <param name="disk">The disk; by default the machine's own.</param>
    /// <param name="options">How the log is laid out; by default in segments of 64 MiB.</param>
    /// <returns>The store.</returns>
    /// <exception cref="StoreLockedException">Another process, or another store of this one, uses the directory.</exception>
    /// <exception cref="CorruptStoreException">What was durable is damaged. Nothing was changed.</exception>
    /// <exception cref="StoreException">A file is of another format version, or the disk failed.</exception>
    public static ValueTask<WalStore> OpenAsync(string directory, IDisk? disk = null, WalOptions? options = null) =>
        OpenAsync(directory, disk, options, WalMutation.None);

    /// <summary>Opens a store with a bug planted in it.</summary>
    internal static async ValueTask<WalStore> OpenAsync(
        string directory, IDisk? disk, WalOptions? options, WalMutation mutation)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        disk ??= new RealDisk();
        options ??= new WalOptions();
        options.Validate();
        IDisposable? directoryLock = null;
        try
        {
            await disk.CreateDirectoryAsync(directory);
            directoryLock = await disk.LockAsync(Path.Combine(directory, WalFiles.Lock));
            return await OpenLockedAsync(directory, disk, options, directoryLock, mutation);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            directoryLock?.Dispose();
            throw new StoreException($"The store in {directory} cannot be opened: {failure.Message}", failure);
        }
        catch
        {
            directoryLock?.Dispose();
            throw;
        }
    }

    /// <summary>Whether a directory holds a store, whole or not. Takes no lock and writes nothing.</summary>
    /// <param name="directory">The directory; it need not exist.</param>
    /// <param name="disk">The disk; by default the machine's own.</param>
    /// <returns>Whether a segment of a log or a record of term and vote is there.</returns>
    /// <exception cref="StoreException">The directory cannot be read.</exception>
    public static ValueTask<bool> ExistsAsync(string directory, IDisk? disk = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return WalDeletion.IsNeededAsync(directory, disk ?? new RealDisk());
    }

    /// <summary>
    /// Deletes a store that nobody uses: for whoever has moved what it held to another store. A server whose store is gone must
    /// not come back blank under its id. Snapshots stay.
    /// </summary>
    /// <param name="directory">The directory; it need not hold a store, or one that is whole.</param>
    /// <param name="disk">The disk; by default the machine's own.</param>
    /// <returns>Completes when it would stay away after a power cut. What is left by a cut within opens as no store.</returns>
    /// <exception cref="StoreLockedException">Another process, or a store of this one, uses the directory.</exception>
    /// <exception cref="StoreException">The disk failed.</exception>
    public static ValueTask DeleteAsync(string directory, IDisk? disk = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return WalDeletion.RunAsync(directory, disk ?? new RealDisk());
    }

    /// <summary>Refuses further writes, waits for the one under way, and frees the directory.</summary>
    /// <returns>Completes when another may open the directory; with a disk that hangs within a write, not before it.</returns>
    public async ValueTask DisposeAsync()
    {
        _fuse.BlowByDisposal();
        await _log.DisposeAsync();
        await _stable.CloseAsync();
        _lock.Dispose();
    }

    /// <summary>What is thrown where there is a term and vote alone: a term is saved only once the first segment is there.</summary>
    internal static CorruptStoreException LogMissing(string record) =>
        Damage.At(record, 0, "there is a term and vote, but the log is missing");

    private static async ValueTask<WalStore> OpenLockedAsync(
        string directory, IDisk disk, WalOptions options, IDisposable directoryLock, WalMutation mutation)
    {
        IReadOnlyList<string> names = await disk.ListAsync(directory);
        var recovery = new WalRecovery(directory, disk, mutation);
        var record = new StableRecordFile(directory, disk, options.NextSalt, mutation);
        var values = new ValuesFile(directory, disk);
        try
        {
            // First everything is read and may be refused; only then is anything written.
            bool hasLog = names.Any(name => WalFiles.IsSegment(name, out _));
            await record.ScanAsync(exists: names.Contains(WalFiles.Stable), isFresh: !hasLog);
            await values.ScanAsync(exists: names.Contains(WalFiles.Values));
            await recovery.ScanAsync(names);
            if (record.Record is not null && !hasLog)
            {
                throw LogMissing(record.FilePath);
            }

            // The record before the log: a log without it is refused.
            await record.RepairAsync();
            await values.RepairAsync();
            var fuse = new WriteFuse();
            WalLogStore log = await WalLogStore.OpenAsync(directory, disk, options, fuse, recovery, mutation);
            return new WalStore(directoryLock, log, new WalStableStore(record, values, fuse), fuse);
        }
        catch
        {
            await record.CloseAsync();
            await recovery.CloseAsync();
            throw;
        }
    }
}
