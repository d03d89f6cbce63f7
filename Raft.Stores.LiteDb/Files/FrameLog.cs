using Raft.Stores.Wal;
using Raft.Stores.Wal.Stable;

namespace Raft.Stores.LiteDb.Files;

/// <summary>
/// LiteDB's log as frames: each transaction is one frame, one write and one sync, and after a crash it is there whole or not
/// at all. Owned by the thread that uses the database.
/// </summary>
/// <remarks>
/// Nothing is written before the frame before is synced. The file is used from its beginning in each generation, and does not
/// shrink; within one generation each place is written once.
/// </remarks>
internal sealed class FrameLog
{
    /// <summary>Where the first frame of each generation begins.</summary>
    public const long FirstOffset = RecordSlots.FileBytes;

    /// <summary>The most pages of a transaction: 64 MiB, which wait in memory until the last of them.</summary>
    public const int TransactionPagesMax = 8192;

    /// <summary>The most pages of the log: 2 GiB. A checkpoint should have come long before.</summary>
    public const int PagesMax = 1 << 18;

    /// <summary>In what steps the file is made longer, so that most syncs change no metadata.</summary>
    public const long GrowthBytes = 4 << 20;

    private readonly FusedFile _file;
    private readonly GenerationRecord _record;
    private readonly Func<ulong> _nextSalt;
    private readonly long _growthBytes;
    private readonly PendingFrame _pending;
    private readonly List<LoggedPage> _pages = [];
    private readonly Dictionary<uint, uint> _newestSums = [];
    private long _allocated;
    private long _end;
    private ulong _number;
    private uint _chain;

    /// <summary>Begins a generation in a file whose present one is not needed any more.</summary>
    public FrameLog(FusedFile file, GenerationRecord record, Func<ulong> nextSalt, long growthBytes)
    {
        _file = file;
        _record = record;
        _nextSalt = nextSalt;
        _growthBytes = growthBytes;
        _pending = new PendingFrame(record.StoreId);
        _allocated = file.GetLength();
        BeginGeneration();
    }

    /// <summary>How many pages the log has, those of the unconfirmed transaction included.</summary>
    public int PageCount => _pages.Count + _pending.PageCount;

    /// <summary>Whether some pages wait for the last of their transaction.</summary>
    public bool HasUnconfirmed => _pending.PageCount > 0;

    /// <summary>How many transactions were made durable since the database was opened.</summary>
    public long TransactionCount { get; private set; }

    /// <summary>For each page in a synced frame, the checksum of its newest version.</summary>
    public IReadOnlyDictionary<uint, uint> NewestSums => _newestSums;

    /// <summary>Appends a page; where it is the last of its transaction, that one is durable on return.</summary>
    /// <exception cref="StoreException">It cannot be written; nothing can be any more.</exception>
    public void Append(ReadOnlySpan<byte> page)
    {
        _file.RequireSound();
        if (DatabasePage.Id(page) >= DatabasePage.CountMax)
        {
            throw _file.Refuse($"a page has number {DatabasePage.Id(page)}, and a database has at most {DatabasePage.CountMax} pages");
        }

        if (_pending.PageCount == TransactionPagesMax)
        {
            throw _file.Refuse($"a transaction has more than {TransactionPagesMax} pages");
        }

        if (PageCount == PagesMax)
        {
            throw _file.Refuse($"the log has more than {PagesMax} pages, without a checkpoint");
        }

        if (HasUnconfirmed && _pending.Transaction != DatabasePage.Transaction(page))
        {
            // Its pages would stand among those of the other, and be confirmed with them.
            throw _file.Refuse("a transaction was given up, or interrupted by another, after pages of it had gone to the log");
        }

        _pending.Add(page);
        if (DatabasePage.IsConfirmed(page))
        {
            WriteFrame();
        }
    }

    /// <summary>Reads a page.</summary>
    /// <param name="index">Its place in the log, in pages.</param>
    /// <param name="page">Filled.</param>
    /// <exception cref="CorruptStoreException">It is not what was written.</exception>
    public void Read(int index, Span<byte> page)
    {
        if (index >= _pages.Count)
        {
            _pending.Read(index - _pages.Count, page);
            return;
        }

        LoggedPage logged = _pages[index];
        if (_file.ReadAt(logged.Offset, page) < page.Length || DatabasePage.Sum(_record.StoreId, logged.Id, page) != logged.Sum)
        {
            throw Damage.At(_file.Path, logged.Offset, $"page {logged.Id} of the log is not what was written");
        }

        DatabasePage.SetMarks(page, logged.Transaction, logged.IsLast);
    }

    /// <summary>Empties the log, durably.</summary>
    public void BeginGeneration()
    {
        _record.Begin(_nextSalt());
        _pages.Clear();
        _newestSums.Clear();
        _end = FirstOffset;
        _number = 0;
        _chain = 0;
    }

    /// <summary>Refuses what LiteDB is not known to do with its log, and all that comes after.</summary>
    public StoreException Refuse(string what) => _file.Refuse(what);

    private void WriteFrame()
    {
        long bytes = FrameHeader.FrameBytes(_pending.PageCount);
        if (_end + bytes > _allocated)
        {
            long steps = (_end + bytes - _allocated + _growthBytes - 1) / _growthBytes;
            _file.WriteZeros(_allocated, steps * _growthBytes);
            _file.Sync();
            _allocated += steps * _growthBytes;
        }

        (ReadOnlyMemory<byte> frame, uint checksum) = _pending.Seal(_record.Salt, _end, _number, _chain);
        _file.WriteAt(_end, frame.Span);
        _file.Sync();
        int first = _pages.Count;
        _pending.MoveTo(_pages, _end);
        foreach (LoggedPage page in _pages[first..])
        {
            _newestSums[page.Id] = page.Sum;
        }

        _end += bytes;
        _number++;
        _chain = checksum;
        TransactionCount++;
    }
}
