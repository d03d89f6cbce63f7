namespace Raft.Fsm;

/// <summary>Something for the state machine's task to do, in order.</summary>
internal abstract class FsmWork;

/// <summary>Applies committed entries.</summary>
/// <param name="slice">The entries.</param>
/// <param name="futures">The callers that wait for them, entry by entry from <paramref name="offset"/>; null where there are none.</param>
/// <param name="offset">Where the slice's first entry stands in <paramref name="futures"/>.</param>
internal sealed class FsmApply(LogSlice slice, ApplyFuture?[]? futures, int offset) : FsmWork
{
    public LogSlice Slice { get; } = slice;

    public ApplyFuture? FutureAt(int position) => futures?[offset + position];

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

/// <summary>Completes a read as soon as an index has been applied.</summary>
/// <param name="index">The index to wait for.</param>
/// <param name="future">The read.</param>
internal sealed class FsmWait(ulong index, RequestFuture<ulong> future) : FsmWork
{
    public ulong Index { get; } = index;

    /// <summary>Tells the reader how far the state machine has come.</summary>
    public ICompletion Reached(ulong appliedIndex) => future.Succeed(appliedIndex);

    /// <summary>Tells the reader that the state machine will not come there.</summary>
    public ICompletion Failed(Exception why) => future.Fail(why);
}

/// <summary>Runs a function between two entries, while the state machine stands still.</summary>
internal abstract class FsmInspection : FsmWork
{
    /// <summary>Runs the function.</summary>
    /// <param name="appliedIndex">How far the state machine has come.</param>
    /// <returns>The future, with its outcome set.</returns>
    public abstract ICompletion Run(ulong appliedIndex);

    /// <summary>Gives up.</summary>
    public abstract ICompletion Failed(Exception why);
}

/// <summary>Runs a function between two entries.</summary>
/// <typeparam name="T">What the function returns.</typeparam>
/// <param name="inspect">The function; gets the applied index.</param>
/// <param name="future">Its caller.</param>
internal sealed class FsmInspection<T>(Func<ulong, T> inspect, RequestFuture<T> future) : FsmInspection
{
    public override ICompletion Run(ulong appliedIndex)
    {
        try
        {
            return future.Succeed(inspect(appliedIndex));
        }
        catch (Exception thrown)
        {
            // The reader's own code: its exception is the reader's, and no reason to stop the node.
            return future.Fail(thrown);
        }
    }

    public override ICompletion Failed(Exception why) => future.Fail(why);
}
