namespace Raft.Fsm;

/// <summary>Something for the state machine's task to do, in order.</summary>
internal abstract class FsmWork;

/// <summary>Applies committed entries.</summary>
/// <param name="slice">The entries.</param>
/// <param name="futures">The callers that wait for them, entry by entry from <paramref name="offset"/>; null where there are none.</param>
/// <param name="offset">Where the slice's first entry stands in <paramref name="futures"/>.</param>
internal sealed class FsmApply(LogSlice slice, ApplyFuture?[]? futures, int offset) : FsmWork
{
    // The futures in front that have their outcome: gathered in the places of entries that are applied, so that no other array is needed.
    private int _dueCount;

    public LogSlice Slice { get; } = slice;

    /// <summary>Whether somebody waits for an entry.</summary>
    public bool IsAwaited(int position) => futures?[offset + position] is not null;

    /// <summary>Takes out who waits for an entry: whoever does so sets the outcome and hands it on, and nobody comes by it again.</summary>
    public ApplyFuture? TakeFuture(int position)
    {
        if (futures is null)
        {
            return null;
        }

        ApplyFuture? future = futures[offset + position];
        futures[offset + position] = null;
        return future;
    }

    /// <summary>Sets the outcome of whoever waits for an entry; it is due from then on. Called in the order of the entries.</summary>
    public void Applied(int position, object? response)
    {
        if (TakeFuture(position) is { } future)
        {
            future.Applied(response);
            futures![offset + _dueCount++] = future;
        }
    }

    /// <summary>Hands over whoever is due, with their places among the futures; for entries that are all applied.</summary>
    public void HandOver(CompletionRunner completions) => completions.Add(futures ?? [], offset, _dueCount);

    /// <summary>Hands over whoever is due where later entries will not be applied: takes them out, as <see cref="TakeFuture"/> does.</summary>
    public void HandOverSome(CompletionRunner completions)
    {
        if (futures is not null)
        {
            ApplyFuture?[] due = futures.AsSpan(offset, _dueCount).ToArray();
            futures.AsSpan(offset, _dueCount).Clear();
            completions.Add(due, 0, _dueCount);
        }
    }

    /// <summary>Tells those who wait for what will not be applied here.</summary>
    /// <param name="from">The first of these entries.</param>
    /// <param name="completions">Who tells them.</param>
    /// <param name="why">What happened, as the beginning of a sentence.</param>
    public void Fail(int from, CompletionRunner completions, string why)
    {
        for (int i = from; i < Slice.Count; i++)
        {
            if (TakeFuture(i) is { } future)
            {
                completions.Add(future.Fail(new LeadershipLostException(
                    $"{why} after it was committed and before its answer was known.", future.Index, future.Term)));
            }
        }
    }

    /// <summary>Some of the entries, with their callers.</summary>
    public FsmApply Part(int from, int count) => from == 0 && count == Slice.Count
        ? this
        : new FsmApply(new LogSlice(Slice.Batch, Slice.Start + from, count), futures, offset + from);
}

/// <summary>Replaces the state by a snapshot's.</summary>
/// <param name="snapshot">The snapshot, open.</param>
internal sealed class FsmRestore(ISnapshotSource snapshot) : FsmWork
{
    public ISnapshotSource Snapshot { get; } = snapshot;
}

/// <summary>Holds on to the state between two entries.</summary>
/// <param name="aboveIndex">Above which entry the state is news.</param>
internal sealed class FsmCapture(ulong aboveIndex) : FsmWork
{
    public ulong AboveIndex { get; } = aboveIndex;

    /// <summary>The state with its place in the log, or why there is none. Continues on the scheduler of whoever waits.</summary>
    public TaskCompletionSource<CapturedState> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Takes hold of the state. Where that fails, the state itself is as good as before: only this snapshot fails.</summary>
    public void Take(Func<ulong, CapturedState> take)
    {
        try
        {
            Outcome.TrySetResult(take(AboveIndex));
        }
        catch (Exception thrown)
        {
            Outcome.TrySetException(thrown);
        }
    }
}

/// <summary>The state machine's state behind an entry.</summary>
/// <param name="At">The entry; 0 where nothing was taken yet, and there is no state.</param>
/// <param name="State">The state; null where there is none. Disposed by whoever asked for it.</param>
internal sealed record CapturedState(AppliedPoint At, IFsmSnapshot? State)
{
    /// <summary>The entry's index.</summary>
    public ulong Index => At.Index;

    /// <summary>Its term.</summary>
    public ulong Term => At.Term;
}

/// <summary>Something that waits until the state machine has come to an index.</summary>
internal abstract class FsmWait : FsmWork
{
    /// <summary>The index to wait for; 0 for as it is now.</summary>
    public ulong Index { get; set; }

    /// <summary>Whether nobody waits any more.</summary>
    public abstract bool IsAbandoned { get; }

    /// <summary>Does what was waited for, and tells how far the state machine has come.</summary>
    /// <returns>The future, with its outcome set; null where somebody else has told the caller.</returns>
    public abstract ICompletion? Reached(ulong appliedIndex);

    /// <summary>Tells that the state machine will not come there.</summary>
    public abstract ICompletion? Failed(Exception why);

    /// <summary>Tells the caller that it is not waited for any longer. Any task may say so.</summary>
    public abstract void GiveUp(Exception why);
}

/// <summary>Runs a function between two entries, while the state machine stands still, once it has come to an index.</summary>
/// <typeparam name="T">What the function returns.</typeparam>
/// <param name="read">The function; gets the applied index.</param>
/// <param name="future">Its caller.</param>
internal sealed class FsmRead<T>(Func<ulong, T> read, RequestFuture<T> future) : FsmWait
{
    public override bool IsAbandoned => future.Task.IsCompleted;

    public override ICompletion Reached(ulong appliedIndex)
    {
        try
        {
            return future.Succeed(read(appliedIndex));
        }
        catch (Exception thrown)
        {
            // The reader's own code: its exception is the reader's, and no reason to stop the node.
            return future.Fail(thrown);
        }
    }

    public override ICompletion Failed(Exception why) => future.Fail(why);

    public override void GiveUp(Exception why) => future.GiveUp(why);
}

/// <summary>Waits for what becomes of a command that was sent to the leader, now that its place in the log is known.</summary>
/// <param name="future">The command, with its place.</param>
internal sealed class FsmExpect(RoutedFuture future) : FsmWork
{
    public RoutedFuture Future { get; } = future;
}
