using System.Threading.Tasks.Sources;

namespace Raft.Fsm;

/// <summary>
/// A command whose caller is here and waits for it once. When that caller has taken the outcome it goes back to where it came from,
/// to be another command.
/// </summary>
/// <remarks>
/// Only for commands of a leader's own callers, which the node holds in one place at a time (<see cref="ApplyFuture"/>) and which nobody
/// can give up: completing it is the last thing that the node does with it. A caller that never takes the outcome keeps it.
/// </remarks>
/// <param name="pool">Where it came from.</param>
internal sealed class PooledCommand(CommandPool pool)
    : ApplyFuture(LogType.Command, data: default, extensions: default), IValueTaskSource<ApplyResult>
{
    // Continuations run inside, on the completion task, which is made for that. The outcome itself stands in this command.
    private ManualResetValueTaskSourceCore<bool> _caller;

    // The ticket of the outcome that is there to be taken; 0 for none.
    private int _untaken;

    /// <summary>What the caller waits for, of the present command.</summary>
    public ValueTask<ApplyResult> Outcome => new(this, _caller.Version);

    /// <summary>Is another command from now on. Called by whoever took it out of the pool.</summary>
    public new void Begin(ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> extensions) => base.Begin(data, extensions);

    /// <inheritdoc/>
    public override void Complete()
    {
        Exception? why = Failure;
        Volatile.Write(ref _untaken, TicketOf(_caller.Version));

        // The caller may take it inside, or at once on another thread, and then it is another command's: nothing is done with it behind.
        if (why is null)
        {
            _caller.SetResult(true);
        }
        else
        {
            _caller.SetException(why);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<ApplyResult>.GetStatus(short token) => _caller.GetStatus(token);

    void IValueTaskSource<ApplyResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _caller.OnCompleted(continuation, state, token, flags);

    ApplyResult IValueTaskSource<ApplyResult>.GetResult(short token)
    {
        // Whoever comes with the token of an earlier command is turned away, and of several with the present one all but the first.
        int ticket = TicketOf(token);
        if (_caller.GetStatus(token) == ValueTaskSourceStatus.Pending
            || Interlocked.CompareExchange(ref _untaken, 0, ticket) != ticket)
        {
            throw new InvalidOperationException(
                "The outcome of a command is taken once, when it is there: await the ValueTask once, or use AsTask.");
        }

        try
        {
            _caller.GetResult(token);
            return Result;
        }
        finally
        {
            // The version moves on first: from then on, whoever has the token of this command has none.
            _caller.Reset();
            Clear();
            pool.Return(this);
        }
    }

    private static int TicketOf(short version) => (ushort)version + 1;
}
