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

    /// <summary>How many runs are deleted in one transaction, so that it stays small: each page of them is written.</summary>
    public const int DeletedRunsMax = 32;

    private readonly List<LogSlice> _run = [];

    // What stands in the newest run, as long as it takes more.
    private readonly List<LogSlice> _openRun = [];
    private long _openBytes;

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
        WriteHint(changes);
        for (int deleted = 0; table.TryTakeNewest(fromIndex, out ulong run); deleted++)
        {
            Delete(run, changes);
            if (deleted == DeletedRunsMax)
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

    /// <summary>Drops the runs in which no entry is above an index, the oldest first.</summary>
    /// <returns>Whether that was all; otherwise the changes are to be committed, and it is to be called again.</returns>
    public bool TruncatePrefix(ulong throughIndex, DocumentChanges changes)
    {
        for (int deleted = 0; table.TryTakeOldest(throughIndex, out ulong run); deleted++)
        {
            Delete(run, changes);
            if (deleted == DeletedRunsMax)
            {
                return false;
            }
        }

        if (table.IsEmpty)
        {
            _openRun.Clear();
            WriteHint(changes);
        }

        return true;
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
        changes.Written.Add((DocumentSet.Log, first, RunEncoding.Encode(run, KnownCommitIndex)));
        table.Put(first, run[^1].LastIndex);
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
