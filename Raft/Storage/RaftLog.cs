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

    public RaftLog(
        ILogStore store, LogWriter writer, RecoveredLog recovered, RaftLimits limits, IRaftTrace? trace, Mutation mutation)
    {
        _store = store;
        _writer = writer;
        _terms = recovered.Terms;
        _trace = trace;
        _mutation = mutation;
        _tail = new LogTail(limits.TailBytesMax, limits.UncommittedBytesMax);
        SnapshotIndex = recovered.Snapshot?.Index ?? 0;
        SnapshotTerm = recovered.Snapshot?.Term ?? 0;
        LastIndex = store.LastIndex == 0 ? SnapshotIndex : store.LastIndex;
        FirstIndex = store.LastIndex == 0 ? SnapshotIndex + 1 : store.FirstIndex;
        DurableIndex = LastIndex;
        LastTerm = _terms.LastTerm;
    }

    /// <summary>The last index that the newest snapshot covers; 0 where there is none.</summary>
    public ulong SnapshotIndex { get; private set; }

    /// <summary>The term of the entry at <see cref="SnapshotIndex"/>.</summary>
    public ulong SnapshotTerm { get; private set; }

    /// <summary>The lowest index held: at most the one behind the newest snapshot. One above the last while no entry is held.</summary>
    public ulong FirstIndex { get; private set; }

    /// <summary>The highest index held, durable or not, or covered by the newest snapshot; 0 where there is neither.</summary>
    public ulong LastIndex { get; private set; }

    /// <summary>The term of the entry at <see cref="LastIndex"/>.</summary>
    public ulong LastTerm { get; private set; }

    /// <summary>The highest index up to which what stands here now, or in the newest snapshot, would survive a power cut.</summary>
    public ulong DurableIndex { get; private set; }

    /// <summary>Bytes of entries held in memory.</summary>
    public long BytesInMemory => _tail.Bytes;

    /// <summary>Whether the log holds an entry.</summary>
    public bool Holds(ulong index) => index != 0 && index >= FirstIndex && index <= LastIndex;

    /// <summary>
    /// The term of an entry, held or the newest snapshot's last; null where it is not known. Index 0 is before all, of
    /// term 0.
    /// </summary>
    public ulong? TermAt(ulong index)
    {
        if (index == SnapshotIndex || index == 0)
        {
            return index == 0 ? 0 : SnapshotTerm;
        }

        return Holds(index) ? _terms.TermAt(index) : null;
    }

    /// <summary>
    /// The last entry, at or below an index, whose term is not above one: behind it a log that has that term at that index differs.
    /// Where none is held, the one before the first, which is covered by a snapshot.
    /// </summary>
    /// <returns>Its index, and its term where that is known, else 0.</returns>
    public (ulong Index, ulong Term) LastUpTo(ulong index, ulong term)
    {
        ulong found = Math.Max(_terms.LastUpTo(Math.Min(index, LastIndex), term), FirstIndex - 1);
        return (found, TermAt(found) ?? 0);
    }

    /// <summary>Appends entries right behind the last.</summary>
    public void Append(LogSlice slice)
    {
        Invariant.Require(slice.FirstIndex == LastIndex + 1, "appending leaves no gap in the log");
        for (int i = 0; i < slice.Count; i++)
        {
            ulong term = slice.Batch.TermAt(slice.Start + i);
            if (term != _terms.LastTerm)
            {
                // Not the log's last term: that may be the snapshot's, of which no run is left.
                _terms.Append(slice.FirstIndex + (ulong)i, term);
            }

            LastTerm = term;
        }

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
        LastIndex = fromIndex - 1;
        LastTerm = TermAt(LastIndex) ?? throw new RaftFatalException(
            $"Entry {fromIndex} is truncated, but the one before it is neither held nor covered by the newest snapshot.");
        DurableIndex = Math.Min(DurableIndex, LastIndex);
        ulong sequence = _writer.TruncateSuffix(fromIndex);
        _trace?.Truncate(fromIndex, sequence);
    }

    /// <summary>Takes a newer snapshot of what is applied here. It is durable; the log stays as it is.</summary>
    public void Cover(ulong index, ulong term)
    {
        Invariant.Require(
            (Holds(index) && _terms.TermAt(index) == term) || _mutation == Mutation.SnapshotIndexFalls,
            "what is applied stands in the log until a snapshot covers it");
        SnapshotIndex = index;
        SnapshotTerm = term;
    }

    /// <summary>
    /// Takes a leader's newer snapshot, which is durable. The log stays where it holds the snapshot's last entry; any other ends
    /// before it, or contradicts it, and gives way (W2 in docs/divergence.md).
    /// </summary>
    /// <returns>Whether the log was dropped.</returns>
    public bool Install(ulong index, ulong term)
    {
        Invariant.Require(index > SnapshotIndex, "snapshots follow each other upwards (W14)");
        bool isHeld = Holds(index) && (_terms.TermAt(index) == term || _mutation == Mutation.ConflictingLogKept);
        SnapshotIndex = index;
        SnapshotTerm = term;
        if (!isHeld)
        {
            _terms.Reset(index, term);
            _tail.Clear();
            FirstIndex = index + 1;
            LastIndex = index;
            LastTerm = term;
            DurableIndex = index;
            ulong sequence = _writer.Reset();
            _trace?.Reset(index, term, sequence);
        }

        DurableIndex = Math.Max(DurableIndex, index);
        return !isHeld;
    }

    /// <summary>Lets go of the entries up to an index, which the newest snapshot covers.</summary>
    public void Compact(ulong throughIndex)
    {
        Invariant.Require(
            throughIndex <= SnapshotIndex && throughIndex >= FirstIndex, "only what a snapshot covers is let go of");
        FirstIndex = throughIndex + 1;
        _terms.TruncatePrefix(FirstIndex);
        ulong sequence = _writer.TruncatePrefix(throughIndex);
        _trace?.Compact(FirstIndex, sequence);
    }

    /// <summary>Takes the news that all changes up to a sequence are durable.</summary>
    public void OnDurable(ulong sequence)
    {
        ulong durable = _tail.OnDurable(sequence);
        DurableIndex = Math.Max(
            DurableIndex, _mutation == Mutation.DurableByIndex ? Math.Min(_store.LastIndex, LastIndex) : durable);
        _trace?.Durable(sequence, DurableIndex);
    }

    /// <summary>Lets go, in memory, of the oldest entries that are durable, over the tail's limits in bytes.</summary>
    /// <param name="commitIndex">Up to where entries are committed.</param>
    public void Release(ulong commitIndex) => _tail.Release(DurableIndex, commitIndex);

    /// <summary>Reads from memory.</summary>
    /// <param name="fromIndex">The first entry wanted, at most <see cref="LastIndex"/>.</param>
    /// <param name="throughIndex">The last entry wanted.</param>
    /// <param name="countMax">The most entries.</param>
    /// <param name="bytesMax">Stops before going over so many bytes, but takes at least one entry.</param>
    /// <param name="slices">Where the entries are added.</param>
    /// <returns>Whether the first entry is in memory.</returns>
    public bool TryRead(ulong fromIndex, ulong throughIndex, int countMax, int bytesMax, List<LogSlice> slices) =>
        _tail.TryRead(fromIndex, Math.Min(throughIndex, LastIndex), countMax, bytesMax, slices);

    /// <summary>When the oldest entry in the store was appended.</summary>
    /// <returns>The stamp; null where there is no entry, or it bears none, or cannot be read.</returns>
    public ValueTask<LogTimestamp?> ReadOldestStampAsync() => OldestEntry.ReadStampAsync(_store);

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
