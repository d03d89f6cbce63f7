using System.Runtime.CompilerServices;
using Raft.Mutations;
using Raft.Observability;
using Raft.Timing;

namespace Raft.Storage;

/// <summary>
/// The only writer of the log store and of the term-and-vote record. Log changes are written in the order in which they
/// were queued, what waits is merged into one durable write, and completion is reported by sequence. A record overtakes
/// waiting log changes; no entry queued behind a record is written before it (an entry's term is durable first).
/// </summary>
/// <remarks>All members are used on the node's loop scheduler. A write that failed is never tried again.</remarks>
internal sealed class LogWriter(
    ILogStore log, IStableStore stable, NodeClock clock, IWriterEvents events, ulong durableTerm, StorageMeter meter,
    Mutation mutation)
{
    /// <summary>The most that one durable write merges, in bytes; one change is always taken whole.</summary>
    private const int GroupBytesMax = 4 << 20;

    /// <summary>In how many steps at most the front of the log goes, and how many entries each of them has at least.</summary>
    private const ulong StepsMax = 64;
    private const ulong StepEntriesMin = 1024;

    private readonly WakeSignal _wake = new();
    private readonly Queue<LogWrite> _queue = new();
    private readonly List<LogSlice> _group = [];
    private ulong _logSequence;
    private ulong _recordSequence;
    private TermAndVote? _record;
    private RejoinPoint? _rejoin;
    private TimeSpan? _promiseMost;
    private string? _ownSnapshot;
    private ulong _durableTerm = durableTerm;
    private bool _isStopping;

    /// <summary>The sequence of the last log change queued.</summary>
    public ulong LogSequence => _logSequence;

    /// <summary>The sequence of the last record queued.</summary>
    public ulong RecordSequence => _recordSequence;

    /// <summary>Bytes of entries that are not durable yet.</summary>
    public long PendingBytes { get; private set; }

    /// <summary>When the write now under way began; null while there is none.</summary>
    public TimeSpan? BusySince { get; private set; }

    /// <summary>What the store may note as committed; set by the loop, never above what is durable here.</summary>
    public ulong CommitIndex { get; set; }

    /// <summary>Queues entries.</summary>
    /// <returns>The change's sequence.</returns>
    public ulong Append(LogSlice slice)
    {
        int bytes = slice.Encoded.Length;
        PendingBytes += bytes;
        return Enqueue(LogWriteKind.Append, slice, index: 0, bytes);
    }

    /// <summary>Queues the removal of the entries from an index on.</summary>
    /// <returns>The change's sequence.</returns>
    public ulong TruncateSuffix(ulong fromIndex) => Enqueue(LogWriteKind.TruncateSuffix, default, fromIndex, bytes: 0);

    /// <summary>Queues that the entries up to an index may go.</summary>
    /// <returns>The change's sequence.</returns>
    public ulong TruncatePrefix(ulong throughIndex) => Enqueue(LogWriteKind.TruncatePrefix, default, throughIndex, bytes: 0);

    /// <summary>Queues the removal of all entries; the next ones may begin anywhere.</summary>
    /// <returns>The change's sequence.</returns>
    public ulong Reset() => Enqueue(LogWriteKind.Reset, default, index: 0, bytes: 0);

    /// <summary>Queues a term-and-vote record; one that still waits is replaced by it.</summary>
    /// <returns>The record's sequence.</returns>
    public ulong Save(TermAndVote record)
    {
        _record = record;
        _wake.Set();
        return ++_recordSequence;
    }

    /// <summary>Queues a record, and the point of a server that lost its disk, which is durable before it.</summary>
    /// <returns>The record's sequence.</returns>
    public ulong Save(RejoinPoint point, TermAndVote record)
    {
        _rejoin = point;
        return Save(record);
    }

    /// <summary>Queues a record, and the longest promise that may be given, which is durable before it.</summary>
    /// <returns>The record's sequence.</returns>
    public ulong Save(TimeSpan promiseMost, TermAndVote record)
    {
        _promiseMost = promiseMost;
        return Save(record);
    }

    /// <summary>Queues which snapshot this server took last; it overtakes waiting log changes. Nobody waits for it.</summary>
    public void SaveOwnSnapshot(string id)
    {
        _ownSnapshot = id;
        _wake.Set();
    }

    /// <summary>Ends the task after the write now under way.</summary>
    public void Stop()
    {
        _isStopping = true;
        _wake.Set();
    }

    /// <summary>The writer's task.</summary>
    public async Task RunAsync()
    {
        try
        {
            while (!_isStopping)
            {
                if (_record is { } record && (mutation != Mutation.EntryBeforeTerm || _queue.Count == 0))
                {
                    await WriteRecordAsync(record);
                }
                else if (_ownSnapshot is { } id)
                {
                    // Before the log: under load that queue is never empty.
                    await WriteOwnSnapshotAsync(id);
                }
                else if (_queue.Count > 0)
                {
                    await WriteLogAsync();
                }
                else
                {
                    await _wake.WaitAsync();
                }
            }
        }
        catch (Exception cause)
        {
            // Whatever a store throws has one meaning: what was asked is not durable.
            events.WriteFailed(cause);
        }
    }

    private ulong Enqueue(LogWriteKind kind, LogSlice slice, ulong index, int bytes)
    {
        _queue.Enqueue(new LogWrite(++_logSequence, kind, slice, index, bytes));
        _wake.Set();
        return _logSequence;
    }

    private async Task WriteRecordAsync(TermAndVote record)
    {
        ulong sequence = _recordSequence;
        _record = null;
        BusySince = clock.Now;
        if (mutation == Mutation.VoteNotSynced)
        {
            events.RecordDurable(sequence);
        }

        if (_rejoin is { } point)
        {
            _rejoin = null;
            await point.SaveAsync(stable);
        }

        if (_promiseMost is { } most)
        {
            _promiseMost = null;
            await PromiseLimit.SaveAsync(stable, most);
        }

        await stable.SaveAsync(record);
        BusySince = null;
        _durableTerm = record.Term;
        events.RecordDurable(sequence);
        if (mutation == Mutation.RecordCountsForLog)
        {
            events.LogDurable(_logSequence);
        }
    }

    private async Task WriteOwnSnapshotAsync(string id)
    {
        _ownSnapshot = null;
        BusySince = clock.Now;
        await OwnSnapshot.SaveAsync(stable, id);
        BusySince = null;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteLogAsync()
    {
        LogWrite last = _queue.Dequeue();
        TimeSpan began = clock.Now;
        BusySince = began;
        int bytes = last.Bytes;
        switch (last.Kind)
        {
            case LogWriteKind.TruncateSuffix:
                await log.TruncateSuffixAsync(last.Index);
                break;
            case LogWriteKind.TruncatePrefix:
                await TruncatePrefixInStepsAsync(last.Index);
                meter.CompactLogs.Since(began);
                break;
            case LogWriteKind.Reset when log.LastIndex != 0:
                await log.TruncateSuffixAsync(log.FirstIndex);
                meter.RemoveOldLogs.Since(began);
                break;
            case LogWriteKind.Append:
                last = Gather(last, ref bytes);
                if (mutation == Mutation.LogNotSynced)
                {
                    events.LogDurable(last.Sequence);
                }

                await log.AppendAsync(new LogAppend(_group, _durableTerm, CommitIndex));
                break;
            default:
                break;
        }

        BusySince = null;
        PendingBytes -= bytes;
        events.LogDurable(last.Sequence);
    }

    // Many files of a log may go at once, and each takes the disk a while: a disk that does all of it, step by step, does not stall.
    private async ValueTask TruncatePrefixInStepsAsync(ulong throughIndex)
    {
        ulong first = log.FirstIndex;
        ulong count = first == 0 || throughIndex < first ? 0 : throughIndex - first + 1;
        ulong step = Math.Max(StepEntriesMin, (count + StepsMax - 1) / StepsMax);
        for (ulong done = step; done < count; done += step)
        {
            await log.TruncatePrefixAsync(first + done - 1);
            BusySince = clock.Now;
        }

        await log.TruncatePrefixAsync(throughIndex);
    }

    /// <summary>Puts an append and those that wait right behind it together.</summary>
    /// <returns>The last of them.</returns>
    private LogWrite Gather(LogWrite first, ref int bytes)
    {
        LogWrite last = first;
        _group.Clear();
        _group.Add(first.Slice);
        while (_queue.TryPeek(out LogWrite next) && next.Kind == LogWriteKind.Append && bytes + next.Bytes <= GroupBytesMax)
        {
            last = _queue.Dequeue();
            _group.Add(last.Slice);
            bytes += last.Bytes;
        }

        return last;
    }
}
