namespace Raft.Fsm;

/// <summary>A command, or another entry, whose caller holds a task.</summary>
/// <param name="type">What the entry will be for.</param>
/// <param name="data">The command.</param>
/// <param name="extensions">Bytes beside the command; none for Go's nil.</param>
internal sealed class ApplyTask(LogType type, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> extensions = default)
    : RoutedFuture(type, data, extensions)
{
    /// <summary>The caller.</summary>
    public RequestFuture<ApplyResult> Caller { get; } = new();

    /// <summary>What the caller waits for.</summary>
    public Task<ApplyResult> Task => Caller.Task;

    /// <inheritdoc/>
    public override bool IsTold => Task.IsCompleted;

    /// <inheritdoc/>
    public override void Expire(Exception why) => Caller.GiveUp(why);

    /// <inheritdoc/>
    public override void Complete()
    {
        ICompletion caller = Failure is { } why ? Caller.Fail(why) : Caller.Succeed(Result);
        caller.Complete();
    }
}
