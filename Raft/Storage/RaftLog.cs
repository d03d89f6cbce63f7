using Raft.Mutations;
using Raft.Observability;

namespace Raft.Storage;

/// <summary>
/// The node's log: the store, and in memory its tail, which holds at least every entry that is not durable yet. Owned by
/// the loop; the other tasks of the loop scheduler read it between their waits.
/// </summary>
/// <remarks>
/// Appends and truncations take effect in memory at once and share one sequence on their way to disk. An index is
/// durable only if the entry that stands there now was written by a completed sequence.
/// </remarks>
internal sealed class RaftLog
{
    private readonly ILogStore _store;
    private readonly LogWriter _writer;
    private readonly LogTail _tail;
    private readonly TermRuns _terms;
    private readonly IRaftTrace? _trace;
    private readonly Mutation _mutation;

    public RaftLog(ILogStore store, LogWriter writer, TermRuns terms, long tailBytesMax, IRaftTrace? trace, Mutation mutation)
    {
        _store = store;
        _writer = writer;
        _terms = terms;
        _trace = trace;
        _mutation = mutation;
        _tail = new LogTail(tailBytesMax);
        FirstIndex = store.FirstIndex;
        LastIndex = store.LastIndex;
        DurableIndex = LastIndex;
        LastTerm = LastIndex == 0 ? 0 : terms.TermAt(LastIndex);
    }

    /// <summary>The lowest index held, or 0 while the log is empty.</summary>
    public ulong FirstIndex { get; private set; }

    /// <summary>The highest index held, durable or not; 0 while the log is empty.</summary>
    public ulong LastIndex { get; private set; }

    /// <summary>The term of the entry at <see cref="LastIndex"/>; 0 while the log is empty.</summary>
    public ulong LastTerm { get; private set; }

    /// <summary>The highest index up to which what stands here now would survive a power cut.</summary>
    public ulong DurableIndex { get; private set; }

    /// <summary>Bytes of entries held in memory.</summary>
    public long BytesInMemory => _tail.Bytes;

    /// <summary>Whether the log holds an entry.</summary>
    public bool Holds(ulong index) => index != 0 && index >= FirstIndex && index <= LastIndex;

    /// <summary>The term of an entry; null where the log holds none. Index 0 is before all, of term 0.</summary>
    public ulong? TermAt(ulong index)
    {
        if (index == 0)
        {
            return 0;
        }

        return Holds(index) ? _terms.TermAt(index) : null;
    }

    /// <summary>Appends entries right behind the last.</summary>
    public void Append(LogSlice slice)
    {
        Invariant.Require(slice.FirstIndex == LastIndex + 1, "appending leaves no gap in the log");
        for (int i = 0; i < slice.Count; i++)
        {
            ulong term = slice.Batch.TermAt(slice.Start + i);
            if (term != LastTerm)
            {
                _terms.Append(slice.FirstIndex + (ulong)i, term);
                LastTerm = term;
            }
        }

        FirstIndex = LastIndex == 0 ? slice.FirstIndex : FirstIndex;
        LastIndex = slice.LastIndex;
        ulong sequence = _writer.Append(slice);
        _tail.Append(slice, sequence);
        _trace?.Append(slice, sequence);
    }

    /// <summary>Drops the entries from an index on.</summary>
    /// <param name="fromIndex">An index that the log holds.</param>
    public void TruncateSuffix(ulong fromIndex)
    {
        Invariant.Require(Holds(fromIndex), "only entries that stand in the log are truncated");
        _terms.TruncateSuffix(fromIndex);
        _tail.TruncateSuffix(fromIndex);
        LastIndex = fromIndex == FirstIndex ? 0 : fromIndex - 1;
        FirstIndex = LastIndex == 0 ? 0 : FirstIndex;
        LastTerm = LastIndex == 0 ? 0 : _terms.TermAt(LastIndex);
        DurableIndex = Math.Min(DurableIndex, LastIndex);
        ulong sequence = _writer.Truncate(fromIndex);
        _trace?.Truncate(fromIndex, sequence);
    }

    /// <summary>Takes the news that all changes up to a sequence are durable.</summary>
    public void OnDurable(ulong sequence)
    {
        ulong durable = _tail.OnDurable(sequence);
        DurableIndex = Math.Max(
            DurableIndex, _mutation == Mutation.DurableByIndex ? Math.Min(_store.LastIndex, LastIndex) : durable);
        _trace?.Durable(sequence, DurableIndex);
    }

    /// <summary>Lets go of the oldest entries that are durable, over the tail's limit in bytes.</summary>
    public void Release() => _tail.Release(DurableIndex);

    /// <summary>Reads from memory.</summary>
    /// <param name="fromIndex">The first entry wanted, at most <see cref="LastIndex"/>.</param>
    /// <param name="throughIndex">The last entry wanted.</param>
    /// <param name="countMax">The most entries.</param>
    /// <param name="bytesMax">Stops before going over so many bytes, but takes at least one entry.</param>
    /// <param name="slices">Where the entries are added.</param>
    /// <returns>Whether the first entry is in memory.</returns>
    public bool TryRead(ulong fromIndex, ulong throughIndex, int countMax, int bytesMax, List<LogSlice> slices) =>
        _tail.TryRead(fromIndex, Math.Min(throughIndex, LastIndex), countMax, bytesMax, slices);

    /// <summary>
    /// Reads from the store what is no longer in memory. Only up to where memory begins: from there on the store may
    /// still hold entries whose truncation waits in the writer's queue.
    /// </summary>
    /// <exception cref="LogNotFoundException">The entries were truncated while they were read.</exception>
    public async ValueTask<LogBatch> ReadStoreAsync(ulong fromIndex, ulong throughIndex, int bytesMax)
    {
        ulong last = _tail.FirstIndex is { } inMemory ? Math.Min(inMemory - 1, LastIndex) : LastIndex;
        Invariant.Require(fromIndex <= last, "what is in memory is not read from the store");
        LogBatch batch = await _store.ReadAsync(fromIndex, Math.Min(throughIndex, last), bytesMax);
        for (int i = 0; i < batch.Count; i++)
        {
            if (TermAt(batch.FirstIndex + (ulong)i) != batch.TermAt(i))
            {
                throw new LogNotFoundException($"Entry {batch.FirstIndex + (ulong)i} was truncated while it was read.");
            }
        }

        return batch;
    }
}
