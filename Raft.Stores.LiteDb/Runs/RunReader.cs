using Raft.Stores.LiteDb.Documents;

namespace Raft.Stores.LiteDb.Runs;

/// <summary>Reads entries out of runs. Owned by the store's thread.</summary>
/// <param name="database">Where the runs are.</param>
/// <param name="table">Which there are.</param>
/// <param name="cache">Those read last.</param>
/// <param name="path">The database's file, for messages.</param>
internal sealed class RunReader(IDocumentDatabase database, RunTable table, RunCache cache, string path)
{
    private readonly List<ReadOnlyMemory<byte>> _pieces = [];

    /// <summary>Reads consecutive entries.</summary>
    /// <param name="fromIndex">The first.</param>
    /// <param name="throughIndex">The last.</param>
    /// <param name="bytesMax">Stops before going over so many bytes, but not before the first entry.</param>
    /// <exception cref="LogNotFoundException">The first is not held.</exception>
    /// <exception cref="CorruptStoreException">What stands there is not what was written.</exception>
    public LogBatch Read(ulong fromIndex, ulong throughIndex, int bytesMax)
    {
        _pieces.Clear();
        long bytes = 0;
        ulong next = fromIndex;
        bool isFull = false;
        while (!isFull && next <= throughIndex && table.TryFind(next, out ulong runFirst, out ulong runLast))
        {
            LogBatch run = ReadRun(runFirst, runLast);
            int start = (int)(next - runFirst);
            int end = start;
            int wanted = (int)(Math.Min(throughIndex, runLast) - runFirst) + 1;
            while (end < wanted && (Fits(run, end) || (bytes == 0 && end == start)))
            {
                bytes += run.EncodedAt(end).Length;
                end++;
            }

            isFull = end < wanted;
            if (next == fromIndex && end - start == run.Count && (isFull || runLast >= throughIndex))
            {
                return run;
            }

            if (end > start)
            {
                _pieces.Add(run.EncodedRange(start, end - start));
            }

            next += (ulong)(end - start);
        }

        return next > fromIndex
            ? LogEncoding.Decode(Joined((int)bytes))
            : throw new LogNotFoundException(
                $"The log does not hold entry {fromIndex}; it holds {table.FirstIndex} to {table.LastIndex}.");

        bool Fits(LogBatch run, int position) => bytes + run.EncodedAt(position).Length <= bytesMax;
    }

    /// <summary>Reads one run.</summary>
    /// <param name="firstIndex">The index of its first entry.</param>
    /// <param name="lastIndex">The index of its last, as far as it is known: the newest run's is not when a store is opened.</param>
    /// <param name="commitIndex">What it says of commits.</param>
    public LogBatch ReadRun(ulong firstIndex, ulong? lastIndex, out ulong commitIndex)
    {
        byte[] content = database.Read(DocumentSet.Log, firstIndex) ?? throw Damaged(firstIndex, "it is not there");
        try
        {
            LogBatch run = RunEncoding.Decode(content, firstIndex, out commitIndex);
            return run.LastIndex == (lastIndex ?? run.LastIndex)
                ? run
                : throw Damaged(firstIndex, $"it ends with entry {run.LastIndex}, and the next run does not follow");
        }
        catch (FormatException wrong)
        {
            throw Damaged(firstIndex, wrong.Message);
        }
    }

    private LogBatch ReadRun(ulong firstIndex, ulong lastIndex)
    {
        if (cache.Find(firstIndex, lastIndex) is { } kept)
        {
            return kept;
        }

        LogBatch run = ReadRun(firstIndex, lastIndex, out _);
        cache.Keep(run);
        return run;
    }

    private ReadOnlyMemory<byte> Joined(int bytes)
    {
        if (_pieces.Count == 1)
        {
            return _pieces[0];
        }

        byte[] joined = GC.AllocateUninitializedArray<byte>(bytes);
        int length = 0;
        foreach (ReadOnlyMemory<byte> piece in _pieces)
        {
            piece.Span.CopyTo(joined.AsSpan(length));
            length += piece.Length;
        }

        return joined;
    }

    private CorruptStoreException Damaged(ulong firstIndex, string what) => new(
        $"{path} is damaged in the run of entries that begins with {firstIndex}: {what}. No crash explains this. Keep a copy of the "
        + "directory, then give this server an empty one under a new id, or restore it.");
}
