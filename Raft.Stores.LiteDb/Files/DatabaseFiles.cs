using Raft.Stores.Wal;

namespace Raft.Stores.LiteDb.Files;

/// <summary>
/// The files of a database of LiteDB, and the two streams through which LiteDB uses them, made so that transactions are
/// atomic and durable, which LiteDB alone does not make them. The formats are in docs/formats.md.
/// </summary>
/// <remarks>
/// <para>
/// No crash leaves a page of the data file that differs from its checksum and is in no whole frame of the generation, out of
/// which it is written again at open. For:
/// </para>
/// <para>
/// A database gets its name when all its pages are synced. From then on a page and its checksum are written only while the
/// page is in a synced frame of the generation (<see cref="DataStream"/>, <see cref="DatabaseRecovery"/>); the other checksums
/// in the same sector are written as they are.
/// </para>
/// <para>
/// The frames of a generation count until the record of the next one is on disk, and that is written only when the data file
/// holds the newest version of each of their pages, with its checksum, synced (<see cref="LogStream"/>, and the recovery after
/// its own sync). Whichever of both records a crash leaves, the above is true: by the older one all those pages are in frames,
/// as no frame of the next generation is written over them before its record is synced; by the newer one all of them are
/// durable.
/// </para>
/// <para>
/// A failed sync is the last (<see cref="WriteFuse"/>). What the page cache pretends to have since is written again before
/// anything is built on it: the record, the last frame, and then all pages that are in frames.
/// </para>
/// </remarks>
internal sealed class DatabaseFiles : IAsyncDisposable
{
    private readonly OpenFiles _files;
    private readonly FrameLog _log;

    private DatabaseFiles(OpenFiles files, DatabaseRecovery recovery, DataFile data, FrameLog log)
    {
        _files = files;
        _log = log;
        Data = new DataStream(data, log, isNew: false);
        Log = new LogStream(log, data);
        RecoveredTransactionCount = recovery.TransactionCount;
        WasTailTorn = recovery.IsTailTorn;
    }

    /// <summary>LiteDB's data stream.</summary>
    public Stream Data { get; }

    /// <summary>LiteDB's log stream, which is empty at first.</summary>
    public Stream Log { get; }

    /// <summary>How many transactions the log had when the database was opened; they are in the data file now.</summary>
    public int RecoveredTransactionCount { get; }

    /// <summary>Whether a transaction that was never acknowledged was found in part, and dropped.</summary>
    public bool WasTailTorn { get; }

    /// <summary>How many transactions were made durable since the database was opened.</summary>
    public long TransactionCount => _log.TransactionCount;

    /// <summary>Whether pages of a transaction went to the log and the last of them did not: it is not durable.</summary>
    public bool HasUnconfirmed => _log.HasUnconfirmed;

    /// <summary>Opens the files, and makes them where there are none. What they hold is durable on return.</summary>
    /// <param name="directory">The store's directory, which exists and is held by the caller alone.</param>
    /// <param name="disk">The disk, whose files must be <see cref="IBlockingDiskFile"/>.</param>
    /// <param name="nextSalt">Draws random numbers.</param>
    /// <param name="fuse">The store's fuse.</param>
    /// <param name="create">
    /// Makes a database in the empty streams, data and log, and closes it. It must leave the log empty, as a checkpoint does.
    /// </param>
    /// <param name="growthBytes">In what steps the log's file is made longer.</param>
    /// <remarks>Waits for the disk on the thread where it is called and on those where the disk comes back.</remarks>
    /// <exception cref="CorruptStoreException">What was durable is damaged. Nothing was changed.</exception>
    /// <exception cref="StoreException">A file is of another version or store, the disk failed, or is no fit.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public static async ValueTask<DatabaseFiles> OpenAsync(
        string directory, IDisk disk, Func<ulong> nextSalt, WriteFuse fuse, Action<Stream, Stream> create,
        long growthBytes = FrameLog.GrowthBytes)
    {
        if (!await LiteDbDirectory.ExistsAsync(directory, disk))
        {
            await DatabaseCreation.RunAsync(directory, disk, nextSalt, fuse, create, growthBytes);
        }

        var places = new DatabasePlaces(Path.Combine(directory, LiteDbDirectory.Name));
        IReadOnlyList<string> names = await disk.ListAsync(places.Directory);
        if (DatabasePlaces.Names.FirstOrDefault(name => !names.Contains(name, StringComparer.Ordinal)) is { } missing)
        {
            throw Damage.At(
                Path.Combine(places.Directory, missing), 0, "the file is missing, and the directory got its name when it had all of them");
        }

        OpenFiles files = await OpenFiles.OpenAsync(places, disk, DiskOpenMode.Existing, fuse);
        try
        {
            var recovery = new DatabaseRecovery(files.Data, files.Frames, files.Sums);
            recovery.Scan();

            // The names may be in memory alone, as may the bytes: after a kill, a copy by hand, or the creation just now.
            await disk.SyncDirectoryAsync(places.Directory);
            await disk.SyncDirectoryAsync(directory);
            files.Data.Sync();
            files.Sums.Sync();
            (DataFile data, FrameLog log) = recovery.Repair(nextSalt, growthBytes);
            return new DatabaseFiles(files, recovery, data, log);
        }
        catch
        {
            await files.DisposeAsync();
            throw;
        }
    }

    /// <summary>Closes the files. The engine must be closed before; nothing is made durable here.</summary>
    public ValueTask DisposeAsync() => _files.DisposeAsync();
}
