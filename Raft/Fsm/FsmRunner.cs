using System.Threading.Channels;
using Raft.Core;
using Raft.Mutations;
using Raft.Observability;
using Raft.Timing;

namespace Raft.Fsm;

/// <summary>
/// The state machine's task (runFSM): applies committed entries in order, in batches where the state machine takes
/// them, and hands the answers on. Owns the applied index. Runs on a scheduler of its own, so that a slow
/// <see cref="IFsm.Apply"/> holds up no loop.
/// </summary>
internal sealed class FsmRunner(
    IFsm fsm, RestoreTracker restores, NodeBoard board, AppliedPoint start, CompletionRunner completions, IFsmEvents events,
    int batchCountMax, TaskScheduler streamScheduler, RestoreWatch restoring, SentCommands sent, RaftMeter meter, IRaftTrace? trace,
    Mutation mutation)
{
    private readonly EntryApplier _applier = new(fsm, batchCountMax, sent, meter.Fsm, trace);
    private readonly Channel<FsmWork> _work = Channel.CreateUnbounded<FsmWork>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly WakeSignal _wake = new();
    private readonly AppliedWaits _waits = new(completions);
    private readonly FsmPosition _position = new(board, start, fsm is IDurableFsm);
    private bool _isOvertaken;
    private long _appliedBytes;
    private volatile bool _isStopping;

    /// <summary>Bytes of entries applied since the start. The feeder bounds what is handed in by it.</summary>
    public long AppliedBytes => Volatile.Read(ref _appliedBytes);

    /// <summary>Hands in work. Entries come from the loop only; how many bytes wait is bounded there.</summary>
    /// <returns>False after the node was stopped.</returns>
    public bool TryAdd(FsmWork work)
    {
        if (!_work.Writer.TryWrite(work))
        {
            return false;
        }

        _wake.Set();
        return true;
    }

    /// <summary>Ends the task after the entries it is applying.</summary>
    public void Stop()
    {
        _isStopping = true;
        _work.Writer.TryComplete();
        _wake.Set();
    }

    /// <summary>The task.</summary>
    /// <param name="stopping">Ends a restore under way.</param>
    public async Task RunAsync(CancellationToken stopping)
    {
        while (!_isStopping)
        {
            while (!_isStopping && _work.Reader.TryRead(out FsmWork? work))
            {
                switch (work)
                {
                    case FsmRestore restore:
                        await RestoreAsync(restore.Snapshot, stopping);
                        break;
                    case FsmApply apply:
                        await ApplyAsync(apply, stopping);
                        break;
                    default:
                        Do(work);
                        break;
                }
            }

            if (!_isStopping)
            {
                meter.FsmThread.Waits();
                await _wake.WaitAsync();
                meter.FsmThread.Works();
            }
        }

        await FailWhatWaitsAsync();
    }

    /// <summary>Fails everything that still waits; for a task that has ended.</summary>
    public async ValueTask FailWhatWaitsAsync()
    {
        var unused = new List<ISnapshotSource>();
        _work.Writer.TryComplete();
        var stopped = new RaftShutdownException("The node was stopped.");
        while (_work.Reader.TryRead(out FsmWork? work))
        {
            switch (work)
            {
                case FsmApply apply:
                    FailApply(apply);
                    break;
                case FsmWait wait:
                    _waits.Add(wait);
                    break;
                case FsmExpect expect:
                    sent.Add(expect.Future, board.AppliedIndex);
                    break;
                case FsmCapture capture:
                    capture.Outcome.TrySetException(stopped);
                    break;
                case FsmRestore restore:
                    unused.Add(restore.Snapshot);
                    break;
                default:
                    break;
            }
        }

        _waits.Fail(stopped);
        sent.Fail();
        foreach (ISnapshotSource snapshot in unused)
        {
            await snapshot.DisposeAsync();
        }
    }

    private void FailApply(FsmApply apply, int from = 0) => apply.Fail(
        from, completions, _isOvertaken ? "A leader's snapshot took the place of the command" : "The node was stopped");

    private void Do(FsmWork work)
    {
        switch (work)
        {
            case FsmWait wait:
                _waits.Add(wait);
                if (!_isOvertaken)
                {
                    _waits.Release(board.AppliedIndex);
                }

                break;
            case FsmExpect expect:
                sent.Add(expect.Future, board.AppliedIndex);
                break;
            case FsmCapture capture:
                capture.Take(Capture);
                break;
            default:
                throw new RaftFatalException($"The state machine's task got work it does not know: {work.GetType()}.");
        }
    }

    /// <summary>
    /// Applies entries, and lets the state give way where a user's restore ends among them. Those who wait for what is not applied are
    /// told so, whatever keeps it from being applied.
    /// </summary>
    private async ValueTask ApplyAsync(FsmApply apply, CancellationToken stopping)
    {
        // Who waits for an entry before it was handed on.
        int from = 0;
        try
        {
            // Overtaken: a snapshot is next, which covers these entries, and their answers are lost.
            for (int i = 0; i < apply.Slice.Count && !_isOvertaken; i++)
            {
                if (apply.Slice.Batch.TypeAt(apply.Slice.Start + i) != LogType.Noop)
                {
                    continue;
                }

                RestorePieces? state = restores.Pass(apply.Slice[i]);
                if (state is not null || RestoreTracker.IsEnd(apply.Slice[i]))
                {
                    FsmApply before = apply.Part(from, i - from);
                    Apply(before);
                    from = i;
                    HandOver(before);
                    if (!await TryRestoreAsync(apply.Part(i, 1), state, stopping))
                    {
                        return;
                    }

                    from = i + 1;
                }
            }

            if (!_isOvertaken)
            {
                FsmApply last = apply.Part(from, apply.Slice.Count - from);
                Apply(last);
                from = apply.Slice.Count;
                HandOver(last);
            }
        }
        finally
        {
            FailApply(apply, from);
        }
    }

    private void Apply(FsmApply apply)
    {
        if (apply.Slice.Count == 0)
        {
            return;
        }

        Invariant.Require(apply.Slice.FirstIndex == board.AppliedIndex + 1, "entries are applied in order, each once");
        bool isOwn = apply.IsAwaited(0);
        try
        {
            _applier.Apply(apply);
            if (mutation == Mutation.AppliedTwice && !isOwn)
            {
                _applier.Apply(new FsmApply(apply.Slice with { Count = 1 }, futures: null, offset: 0));
            }
        }
        catch (Exception thrown)
        {
            // Half an entry may have been applied: nobody can say what the state is now, so the node must stop.
            apply.HandOverSome(completions);
            throw new RaftFatalException(
                $"The state machine threw while applying entries {apply.Slice.FirstIndex} to {apply.Slice.LastIndex}: "
                + $"{thrown.Message}", thrown);
        }

        Passed(apply.Slice);
    }

    private void HandOver(FsmApply applied)
    {
        if (applied.Slice.Count > 0)
        {
            applied.HandOver(completions);
            _waits.Release(board.AppliedIndex);
            events.Applied();
        }
    }

    private void Passed(LogSlice slice)
    {
        _position.Passed(slice);
        Volatile.Write(ref _appliedBytes, _appliedBytes + slice.Encoded.Length);
    }

    private CapturedState Capture(ulong aboveIndex)
    {
        if (restores.IsOpen || _isOvertaken)
        {
            throw new RaftException("A restore is under way, whose pieces must stay in the log. Try again when it has ended.");
        }

        bool isAny = board.AppliedIndex > 0;
        TimeSpan? began = isAny ? meter.Fsm.Snapshot.Begin() : null;
        var captured = new CapturedState(_position.ForSnapshot(aboveIndex), isAny ? fsm.Snapshot() : null);
        meter.Fsm.Snapshot.End(began);
        return captured;
    }

    /// <summary>Lets the state give way to a user's, as the last entry of a restore says; not where its pieces are not all there.</summary>
    /// <returns>False where the node stops meanwhile, or a leader's snapshot overtakes it.</returns>
    private async Task<bool> TryRestoreAsync(FsmApply end, RestorePieces? state, CancellationToken stopping)
    {
        if (state is null)
        {
            Restored(end, new RestoreOvertakenException(
                "Another restore began, or a leadership ended, before this one was whole. Nothing was changed: try again."));
            return true;
        }

        Exception? refusal = null;
        try
        {
            await SnapshotRestore.RunAsync(fsm, state, PointOf(end), streamScheduler, restoring, stopping);
        }
        catch (Exception) when (_isStopping)
        {
            return false;
        }
        catch (Exception) when (state.Failure is LogNotFoundException)
        {
            // While it was read, the log gave way to a leader's snapshot, which comes next and covers it.
            _isOvertaken = true;
            return false;
        }
        catch (InvalidDataException wrong) when (state.Failure is null)
        {
            // The same bytes are refused on every server, and change nothing on any.
            refusal = wrong;
        }
        catch (Exception thrown)
        {
            throw new RaftFatalException(
                $"The state machine threw while it was restored by entry {end.Slice.FirstIndex}: {thrown.Message}", thrown);
        }

        board.RestoredIndex = end.Slice.LastIndex;
        Restored(end, refusal);
        return true;
    }

    private static AppliedPoint PointOf(FsmApply end) => new(end.Slice.LastIndex, end.Slice[0].Term);

    private void Restored(FsmApply end, Exception? refusal)
    {
        Passed(end.Slice);
        if (refusal is null)
        {
            _position.Restored(PointOf(end));
        }

        trace?.Apply(end.Slice[0]);
        sent.Applied(end.Slice[0], response: null);
        if (end.TakeFuture(0) is { } future)
        {
            completions.Add(refusal is null ? future.Applied(response: null) : future.Fail(refusal));
        }

        _waits.Release(board.AppliedIndex);
        events.Applied();
    }

    private async Task RestoreAsync(ISnapshotSource snapshot, CancellationToken stopping)
    {
        Invariant.Require(snapshot.Meta.Index > board.AppliedIndex, "a snapshot moves the state machine forward");
        try
        {
            await SnapshotRestore.RunAsync(fsm, snapshot, streamScheduler, restoring, stopping);
        }
        catch (Exception) when (_isStopping)
        {
            return;
        }
        catch (Exception thrown)
        {
            throw new RaftFatalException(
                $"The state machine could not be restored from snapshot {snapshot.Meta.Id}: {thrown.Message}", thrown);
        }

        _position.Restored(new AppliedPoint(snapshot.Meta.Index, snapshot.Meta.Term));
        sent.Covered(snapshot.Meta.Index, snapshot.Meta.Term);
        restores.Close();
        _isOvertaken = false;
        trace?.Restore(snapshot.Meta.Index, snapshot.Meta.Term);
        _waits.Release(board.AppliedIndex);
        events.Applied();
    }
}
