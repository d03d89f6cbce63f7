using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Raft.Stores.LiteDb.Documents;

namespace Raft.Stores.LiteDb.Runs;

/// <summary>
/// Turns what happens to the log into changes of documents. Owned by the store's thread, which commits the changes; once that
/// has failed nothing here is true any more.
/// </summary>
/// <param name="table">Which runs there are.</param>
/// <param name="cache">Those read last.</param>
/// <param name="reader">Reads the run that a truncation cuts in two.</param>
internal sealed class RunWriter(RunTable table, RunCache cache, RunReader reader)
{
    /// <summary>
    /// The most that a run has, unless one entry alone has more. Runs are read whole; a document lies in pages of 8 KiB that LiteDB
    /// links to each other.
    /// </summary>
    public const int RunBytesMax = 256 << 10;

    /// <summary>
    /// As long as the newest run would not get over this, entries are written into it rather than into a run of their own: LiteDB
    /// writes whole pages of 8 KiB, so a run that is one page long costs as much as one of a single entry.
    /// </summary>
    public const int OpenRunBytesMax = 7 << 10;

    /// <summary>The most that one entry may have: LiteDB takes no document of 16 MiB.</summary>
    public const int EntryBytesMax = 15 << 20;

    /// <summary>
    /// How many bytes of runs are deleted in one transaction, but for the last of them: LiteDB writes each page of what it deletes,
    /// and a transaction has room for so many (<see cref="Files.FrameLog.TransactionPagesMax"/>).
    /// </summary>
    public const int DeletedBytesMax = 8 << 20;

    /// <summary>The most bytes of entries that are appended in one transaction, unless a single entry has more.</summary>
    public const int AppendBytesMax = 24 << 20;

    private readonly List<LogSlice> _run = [];

    // What stands in the newest run, as long as it takes more.
    private readonly List<LogSlice> _openRun = [];
    private long _openBytes;

    // Entries up to this one may go.
    private ulong _droppedThrough;

    /// <summary>The highest commit index that was written.</summary>
    public ulong KnownCommitIndex { get; private set; }

    /// <summary>Goes on where an earlier process ended.</summary>
    /// <param name="newest">The newest run; null where there is none.</param>
    /// <param name="commitIndex">The highest commit index that was found.</param>
    public void Load(LogBatch? newest, ulong commitIndex)
    {
        KnownCommitIndex = commitIndex;
        if (newest is not null)
        {
            LeaveOpen([new LogSlice(newest)]);
        }
    }

    /// <summary>Refuses what no document takes.</summary>
    /// <exception cref="StoreException">An entry is too large; nothing was changed.</exception>
    public static void RequireRoom(LogAppend append)
    {
        foreach (LogSlice slice in append.Slices)
        {
            for (int position = 0; position < slice.Count; position++)
            {
                int bytes = slice.Batch.EncodedAt(slice.Start + position).Length;
                if (bytes > EntryBytesMax)
                {
                    throw new StoreException(
                        $"Entry {slice.FirstIndex + (ulong)position} has {bytes} bytes; a store on LiteDB takes at most {EntryBytesMax}.");
                }
            }
        }
    }

    /// <summary>Cuts an append into such as one transaction takes each, in their order.</summary>
    public static IEnumerable<LogAppend> Parts(LogAppend append)
    {
        var part = new List<LogSlice>();
        long bytes = 0;
        foreach (LogSlice slice in append.Slices)
        {
            int start = 0;
            for (int position = 0; position < slice.Count; position++)
            {
                int size = RunEncoding.RecordBytesOf(slice, position);
                if (bytes > 0 && bytes + size > AppendBytesMax)
                {
                    Take(slice, start, position);
                    yield return append with { Slices = [.. part] };
                    part.Clear();
                    (bytes, start) = (0, position);
                }

                bytes += size;
            }

            Take(slice, start, slice.Count);
        }

        yield return append with { Slices = part };

        void Take(LogSlice slice, int start, int end)
        {
            if (end > start)
            {
                part.Add(new LogSlice(slice.Batch, slice.Start + start, end - start));
            }
        }
    }

    /// <summary>Appends entries.</summary>
    public void Append(LogAppend append, DocumentChanges changes)
    {
        KnownCommitIndex = Math.Max(KnownCommitIndex, append.CommitIndex);
        _run.Clear();
        long runBytes = RunEncoding.HeaderBytes;
        if (_openRun.Count > 0 && _openBytes + append.Slices.Sum(RunEncoding.RecordBytesOf) <= OpenRunBytesMax)
        {
            _run.AddRange(_openRun);
            runBytes = _openBytes;
        }

        foreach (LogSlice slice in append.Slices)
        {
            int start = 0;
            for (int position = 0; position < slice.Count; position++)
            {
                int bytes = RunEncoding.RecordBytesOf(slice, position);
                if (runBytes > RunEncoding.HeaderBytes && runBytes + bytes > RunBytesMax)
                {
                    AddToRun(slice, start, position);
                    Write(changes);
                    _run.Clear();
                    runBytes = RunEncoding.HeaderBytes;
                    start = position;
                }

                runBytes += bytes;
            }

            AddToRun(slice, start, slice.Count);
        }

        Write(changes);
        LeaveOpen(CollectionsMarshal.AsSpan(_run));
    }

    /// <summary>Drops the entries from an index on, from the last run backwards.</summary>
    /// <returns>Whether that was all; otherwise the changes are to be committed, and it is to be called again.</returns>
    public bool TruncateSuffix(ulong fromIndex, DocumentChanges changes)
    {
        _openRun.Clear();
        _droppedThrough = Math.Min(_droppedThrough, fromIndex - 1);
        WriteHint(changes);
        long deleted = 0;
        while (table.TryTakeNewest(fromIndex, out ulong run, out int bytes))
        {
            Delete(run, changes);
            deleted += bytes;
            if (deleted >= DeletedBytesMax)
            {
                return false;
            }
        }

        if (!table.IsEmpty && table.LastIndex >= fromIndex)
        {
            LogBatch cut = reader.ReadRun(table.NewestRun, table.LastIndex, out _);
            _run.Clear();
            _run.Add(new LogSlice(cut).Before(fromIndex));
            table.Shorten(fromIndex - 1);
            Write(changes);
            LeaveOpen(CollectionsMarshal.AsSpan(_run));
        }

        return true;
    }

    /// <summary>
    /// Lets the runs go in which no entry is above an index: some now, the others whenever <see cref="DropOldest"/> is called. To wait
    /// for all of them would hold up votes and entries for as long.
    /// </summary>
    public void TruncatePrefix(ulong throughIndex, DocumentChanges changes)
    {
        // Not what will be appended behind the last entry.
        _droppedThrough = Math.Max(_droppedThrough, Math.Min(throughIndex, table.LastIndex));
        DropOldest(changes);
    }

    /// <summary>Whether there are runs left that were let go.</summary>
    public bool HasDropped => table.HasOldest(_droppedThrough);

    /// <summary>Deletes the oldest of the runs that were let go, as many as one transaction takes.</summary>
    public void DropOldest(DocumentChanges changes)
    {
        long deleted = 0;
        while (deleted < DeletedBytesMax && table.TryTakeOldest(_droppedThrough, out ulong run, out int bytes))
        {
            Delete(run, changes);
            deleted += bytes;
        }

        if (table.IsEmpty && deleted > 0)
        {
            _openRun.Clear();
            _droppedThrough = 0;
            WriteHint(changes);
        }
    }

    private void AddToRun(LogSlice slice, int start, int end)
    {
        if (end > start)
        {
            _run.Add(new LogSlice(slice.Batch, slice.Start + start, end - start));
        }
    }

    private void Write(DocumentChanges changes)
    {
        ReadOnlySpan<LogSlice> run = CollectionsMarshal.AsSpan(_run);
        ulong first = run[0].FirstIndex;
        cache.Forget(first);
        byte[] content = RunEncoding.Encode(run, KnownCommitIndex);
        changes.Written.Add((DocumentSet.Log, first, content));
        table.Put(first, run[^1].LastIndex, content.Length);
    }

    private void Delete(ulong run, DocumentChanges changes)
    {
        cache.Forget(run);
        changes.Deleted.Add((DocumentSet.Log, run));
    }

    /// <summary>What is known of commits stands in the newest run; before that is gone, it is written beside.</summary>
    private void WriteHint(DocumentChanges changes)
    {
        Span<byte> content = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(content, KnownCommitIndex);
        changes.Written.Add(
            (DocumentSet.Records, RecordIds.CommitIndex, RecordEncoding.Encode(RecordIds.CommitIndex, content)));
    }

    private void LeaveOpen(ReadOnlySpan<LogSlice> run)
    {
        long bytes = RunEncoding.SizeOf(run);
        LogSlice[] slices = bytes < OpenRunBytesMax ? run.ToArray() : [];
        _openRun.Clear();
        _openRun.AddRange(slices);
        _openBytes = bytes;
    }
}
