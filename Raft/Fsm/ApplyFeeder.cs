using Raft.Core;
using Raft.Observability;
using Raft.Storage;
using Raft.Timing;

namespace Raft.Fsm;

/// <summary>
/// Hands committed entries to the state machine's task, never more bytes ahead of it than the read-ahead allows: from
/// memory where the loop has them, else by a task that reads the store. Owned by the loop.
/// </summary>
internal sealed class ApplyFeeder(RaftLog log, FsmRunner runner, NodeBoard board, RaftLimits limits, TaskGroup tasks, TimeMeter enqueue)
{
    private readonly List<LogSlice> _slices = [];
    private readonly Queue<PendingBatch> _pending = new();
    private long _fedBytes;
    private ulong _target;
    private bool _isReading;

    // Since when the next entries could be handed over, if they only had been read, and there were room.
    private TimeSpan? _behindSince;

    /// <summary>The last index handed over.</summary>
    public ulong FedIndex { get; private set; } = board.AppliedIndex;

    /// <summary>Remembers who waits for a batch that this server appended as leader.</summary>
    /// <param name="batch">The entries.</param>
    /// <param name="futures">Their callers, entry by entry.</param>
    public void Expect(LogBatch batch, ApplyFuture?[] futures) =>
        _pending.Enqueue(new PendingBatch(batch.FirstIndex, batch.LastIndex, futures));

    /// <summary>Takes back the callers of entries above an index, for a leadership that ended.</summary>
    /// <param name="aboveIndex">The commit index: what is at or below it will be answered by the state machine.</param>
    /// <returns>Futures without an outcome, in the log's order.</returns>
    public List<ApplyFuture> Abandon(ulong aboveIndex)
    {
        // What was handed over is answered by the state machine's task, come what may.
        aboveIndex = Math.Max(aboveIndex, FedIndex);
        var abandoned = new List<ApplyFuture>();
        int count = _pending.Count;
        for (int i = 0; i < count; i++)
        {
            PendingBatch pending = _pending.Dequeue();
            for (int at = 0; at < pending.Futures.Length; at++)
            {
                if (pending.FirstIndex + (ulong)at > aboveIndex && pending.Futures[at] is { } future)
                {
                    pending.Futures[at] = null;
                    abandoned.Add(future);
                }
            }

            // What is left speaks of committed entries only: a later batch of ours may begin right behind.
            if (pending.FirstIndex <= aboveIndex)
            {
                _pending.Enqueue(pending with { LastIndex = Math.Min(pending.LastIndex, aboveIndex) });
            }
        }

        return abandoned;
    }

    /// <summary>Hands over what may be applied by now.</summary>
    /// <param name="applicableIndex">The highest index that is committed, and durable here.</param>
    public void Pump(ulong applicableIndex)
    {
        _target = Math.Max(_target, applicableIndex);
        _behindSince = FedIndex < _target ? _behindSince ?? enqueue.Begin() : null;
        while (FedIndex < _target && !_isReading && HasCredit)
        {
            _slices.Clear();
            if (!log.TryRead(FedIndex + 1, _target, int.MaxValue, ReadBytes, _slices))
            {
                _isReading = true;
                ulong next = FedIndex + 1;
                tasks.Start("reading committed entries", () => ReadStoreAsync(next));
                return;
            }

            Invariant.Require(_slices.Count > 0, "what is committed stands in the log");
            foreach (LogSlice slice in _slices)
            {
                Feed(slice);
            }
        }
    }

    private bool HasCredit => _fedBytes - runner.AppliedBytes < limits.FsmReadAheadBytesMax;

    private int ReadBytes => (int)Math.Min(1 << 20, limits.FsmReadAheadBytesMax);

    /// <summary>Hands over a snapshot in place of all entries up to its own.</summary>
    /// <param name="snapshot">The snapshot, open; the state machine's task owns it from now on.</param>
    /// <returns>Callers of committed entries whose answers are lost, since the state machine will never take these.</returns>
    public List<ApplyFuture> Restore(ISnapshotSource snapshot)
    {
        List<ApplyFuture> lost = Abandon(FedIndex);
        _pending.Clear();
        FedIndex = snapshot.Meta.Index;
        runner.TryAdd(new FsmRestore(snapshot));
        return lost;
    }

    // Committed entries never change, so what is read here is right however long the read took; unless a snapshot came
    // meanwhile and took their place.
    private async Task ReadStoreAsync(ulong next)
    {
        LogBatch? batch = null;
        try
        {
            batch = FedIndex + 1 == next ? await log.ReadStoreAsync(next, _target, ReadBytes) : null;
        }
        catch (Exception) when (FedIndex + 1 != next)
        {
            // The log gave way to the snapshot.
        }

        _isReading = false;
        if (batch is not null && FedIndex + 1 == next)
        {
            Feed(new LogSlice(batch));
        }

        Pump(_target);
    }

    private void Feed(LogSlice slice)
    {
        // A slice ends where a batch of ours does, so that its callers are found in one place.
        while (slice.Count > 0)
        {
            while (_pending.TryPeek(out PendingBatch done) && done.LastIndex < slice.FirstIndex)
            {
                _pending.Dequeue();
            }

            LogSlice part = slice;
            ApplyFuture?[]? futures = null;
            int offset = 0;
            if (_pending.TryPeek(out PendingBatch pending) && pending.FirstIndex <= slice.LastIndex)
            {
                if (pending.FirstIndex > slice.FirstIndex)
                {
                    part = slice.Before(pending.FirstIndex);
                }
                else
                {
                    part = slice.LastIndex > pending.LastIndex ? slice.Before(pending.LastIndex + 1) : slice;
                    futures = pending.Futures;
                    offset = (int)(slice.FirstIndex - pending.FirstIndex);
                }
            }

            _fedBytes += part.Encoded.Length;
            FedIndex = part.LastIndex;
            runner.TryAdd(new FsmApply(part, futures, offset));
            enqueue.End(_behindSince);
            _behindSince = FedIndex < _target ? enqueue.Begin() : null;
            slice = part.Count == slice.Count ? part with { Count = 0 } : slice.From(part.LastIndex + 1);
        }
    }

    private readonly record struct PendingBatch(ulong FirstIndex, ulong LastIndex, ApplyFuture?[] Futures);
}
