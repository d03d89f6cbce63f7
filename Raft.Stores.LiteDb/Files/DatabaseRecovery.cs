using Raft.Stores.Wal;

namespace Raft.Stores.LiteDb.Files;

/// <summary>
/// Finds out what the files of a database hold after whatever happened to the process before, and writes what is in the log
/// alone to the data file. First everything is read and may be refused; only then is anything written.
/// </summary>
internal sealed class DatabaseRecovery(FusedFile dataFile, FusedFile framesFile, FusedFile sumsFile)
{
    private const int CopyBytes = 64 << 10;

    private readonly GenerationRecord _record = new(framesFile);
    private readonly PageSums _sums = new(sumsFile);
    private readonly SortedDictionary<uint, LoggedPage> _newest = [];
    private FrameScanner? _frames;

    /// <summary>How many transactions were in the log.</summary>
    public int TransactionCount { get; private set; }

    /// <summary>Whether a transaction that was never acknowledged was found in part, and dropped.</summary>
    public bool IsTailTorn { get; private set; }

    /// <summary>Reads, and writes nothing.</summary>
    /// <exception cref="CorruptStoreException">What was synced is damaged.</exception>
    /// <exception cref="StoreException">A file is of another format version, or of another store.</exception>
    public void Scan()
    {
        _record.Read();
        _sums.Read();
        if (_record.StoreId != _sums.StoreId)
        {
            throw new StoreException($"{framesFile.Path} and {sumsFile.Path} are files of different stores. Nothing was changed.");
        }

        _frames = new FrameScanner(framesFile, _record);
        _frames.Scan();
        foreach (LoggedPage page in _frames.Pages)
        {
            _newest[page.Id] = page;
        }

        TransactionCount = (int)_frames.FrameCount;
        IsTailTorn = _frames.IsTailTorn;
        RequireRightLength();
    }

    /// <summary>Brings the data file up to date, and begins a new generation of the log.</summary>
    /// <returns>The database, with an empty log.</returns>
    public (DataFile Data, FrameLog Log) Repair(Func<ulong> nextSalt, long growthBytes)
    {
        // What was read may stand in the page cache alone, and after a failed sync even count as clean there. Nothing may
        // be written to the data file out of a frame that is not durable: another crash would leave half of it.
        _record.Repair();
        RewriteLastFrame();
        var data = new DataFile(dataFile, _sums);
        byte[] page = new byte[DatabasePage.Bytes];
        foreach (LoggedPage logged in _newest.Values)
        {
            if (framesFile.ReadAt(logged.Offset, page) < page.Length
                || DatabasePage.Sum(_record.StoreId, logged.Id, page) != logged.Sum)
            {
                throw Damage.At(framesFile.Path, logged.Offset, $"page {logged.Id} changed while it was read");
            }

            data.Write(page);
        }

        data.Sync();

        // Also where the log is empty: behind frames of this generation there may be what a crash left of one.
        return (data, new FrameLog(framesFile, _record, nextSalt, growthBytes));
    }

    /// <summary>
    /// Writes the last frame once more as it stands. All before it were synced, successfully, before it was begun; it was the
    /// last write, or the next would be there.
    /// </summary>
    private void RewriteLastFrame()
    {
        byte[] buffer = new byte[CopyBytes];
        for (long at = _frames!.LastFrame; at < _frames.End;)
        {
            int count = framesFile.ReadAt(at, buffer.AsSpan(0, (int)Math.Min(buffer.Length, _frames.End - at)));
            framesFile.WriteAt(at, buffer.AsSpan(0, count));
            at += count;
        }

        framesFile.Sync();
    }

    /// <summary>Compares the data file's length with the pages that are known: it may differ by those in the log alone.</summary>
    private void RequireRightLength()
    {
        long pages = _sums.PageCount;
        foreach (uint id in _newest.Keys)
        {
            pages = Math.Max(pages, id + 1L);
        }

        long most = pages * DatabasePage.Bytes;
        while (pages > 0 && (_sums[(uint)pages - 1] == 0 || _newest.ContainsKey((uint)pages - 1)))
        {
            pages--;
        }

        long least = pages * DatabasePage.Bytes;
        long length = dataFile.GetLength();
        if (length < least || length > most)
        {
            throw Damage.At(
                dataFile.Path, Math.Min(length, most), $"the file has {length} bytes, and {least} to {most} by {sumsFile.Path}");
        }
    }
}
