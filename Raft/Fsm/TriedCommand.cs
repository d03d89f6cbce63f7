namespace Raft.Fsm;

/// <summary>A command whose caller wants no exception, and to end the wait with as much known as there is.</summary>
/// <param name="data">The command.</param>
/// <param name="extensions">Bytes beside it.</param>
internal sealed class TriedCommand(ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> extensions)
    : RoutedFuture(LogType.Command, data, extensions)
{
    private readonly TaskCompletionSource<ApplyOutcome> _outcome = new();
    private CancellationTokenRegistration _ending;

    /// <summary>What became of it.</summary>
    public Task<ApplyOutcome> Outcome => _outcome.Task;

    /// <summary>Lets the caller end the wait. What was not appended by then never will be.</summary>
    public void EndWhen(CancellationToken cancelled)
    {
        _ending = cancelled.UnsafeRegister(static (state, token) => ((TriedCommand)state!).End(token), this);
        if (IsTold)
        {
            _ending.Unregister();
        }
    }

    /// <inheritdoc/>
    public override bool IsTold => _outcome.Task.IsCompleted;

    /// <inheritdoc/>
    public override void Expire(Exception why) => _outcome.TrySetResult(ApplyOutcome.Of(why));

    /// <summary>It was not let in.</summary>
    public Task<ApplyOutcome> Refused(Exception why)
    {
        _outcome.TrySetResult(ApplyOutcome.Of(why));
        return Outcome;
    }

    /// <inheritdoc/>
    public override void Complete()
    {
        _ending.Unregister();
        _outcome.TrySetResult(Failure is { } why
            ? ApplyOutcome.Of(why)
            : new ApplyOutcome(CommandFate.Done, Result, Result.Index, Result.Term, Failure: null));
    }

    private void End(CancellationToken token)
    {
        var why = new OperationCanceledException("The caller ended its wait.", token);
        if (TryWithdraw())
        {
            _outcome.TrySetResult(new ApplyOutcome(CommandFate.NotDone, default, Index: 0, Term: 0, why));
            return;
        }

        ulong index = Index;
        _outcome.TrySetResult(new ApplyOutcome(CommandFate.Unknown, default, index, Term, why));
    }
}
