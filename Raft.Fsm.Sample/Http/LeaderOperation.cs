namespace Raft.Fsm.Sample.Http;

/// <summary>What only the leader can do for a client.</summary>
/// <param name="IsWrite">Whether it may have happened although no answer came: then its outcome is unknown.</param>
/// <param name="RunAsync">Does it on this node: how long it may wait for a place in the queue, and when to give up.</param>
internal sealed record LeaderOperation(bool IsWrite, Func<TimeSpan, CancellationToken, Task<Answer>> RunAsync)
{
    /// <summary>How long it may take once there is a leader; null for as long as a write.</summary>
    public TimeSpan? Patience { get; init; }
}
