namespace Raft.Fsm;

/// <summary>
/// The future of a public call. Its outcome is set on a task of the node; only the completion task then tells the
/// caller, so that no caller's code runs on a loop.
/// </summary>
/// <typeparam name="T">What the caller gets.</typeparam>
internal sealed class RequestFuture<T> : TaskCompletionSource<T>, ICompletion
{
    private T? _result;
    private Exception? _exception;
    private bool _isDecided;
    private int _hasLeft;
    private CancellationTokenRegistration _abandoning;

    /// <summary>Where this future was let in, and is counted until it is answered; null where nothing counts it.</summary>
    public RequestGate? Gate { get; set; }

    /// <summary>Sets success as the outcome.</summary>
    /// <returns>This future, to be handed to the completion task.</returns>
    public RequestFuture<T> Succeed(T result)
    {
        Decide();
        _result = result;
        return this;
    }

    /// <summary>Sets failure as the outcome.</summary>
    /// <returns>This future, to be handed to the completion task.</returns>
    public RequestFuture<T> Fail(Exception exception)
    {
        Decide();
        _exception = exception;
        return this;
    }

    /// <summary>Lets the caller end its wait. Its place is free then, and nobody need find an outcome any more.</summary>
    public void AbandonWhen(CancellationToken cancelled)
    {
        _abandoning = cancelled.UnsafeRegister(
        static (state, token) =>
        {
            var future = (RequestFuture<T>)state!;
            if (future.TrySetCanceled(token))
            {
                future.LeaveGate();
            }
        },
        this);
        if (Task.IsCompleted)
        {
            _abandoning.Unregister();
        }
    }

    /// <summary>Lets the caller wait no longer: it is told why, and nobody need find an outcome any more.</summary>
    public void GiveUp(Exception why)
    {
        if (TrySetException(why))
        {
            _ = Task.Exception;
            LeaveGate();
        }
    }

    void ICompletion.Complete()
    {
        LeaveGate();
        _abandoning.Unregister();
        if (_exception is null)
        {
            TrySetResult(_result!);
        }
        else
        {
            TrySetException(_exception);

            // A caller that ended its wait does not come back for the outcome.
            _ = Task.Exception;
        }
    }

    /// <summary>The caller is told: its place is free.</summary>
    private void LeaveGate()
    {
        if (Interlocked.Exchange(ref _hasLeft, 1) == 0)
        {
            Gate?.Leave();
        }
    }

    private void Decide()
    {
        Invariant.Require(!_isDecided, "every future has one outcome");
        _isDecided = true;
    }
}
