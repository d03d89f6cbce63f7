namespace Raft.Fsm;

/// <summary>
/// The future of a public call. Its outcome is set on a task of the node; only the completion task then tells the
/// caller, so that no caller's code runs on a loop.
/// </summary>
/// <typeparam name="T">What the caller gets.</typeparam>
internal class RequestFuture<T> : TaskCompletionSource<T>, ICompletion
{
    private T? _result;
    private Exception? _exception;

    /// <summary>Where this future was let in, and is counted until it is answered; null where nothing counts it.</summary>
    public RequestGate? Gate { get; set; }

    /// <summary>Whether an outcome is set.</summary>
    public bool IsDecided { get; private set; }

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

    void ICompletion.Complete()
    {
        Gate?.Leave();
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

    private void Decide()
    {
        Invariant.Require(!IsDecided, "every future has one outcome");
        IsDecided = true;
    }
}
