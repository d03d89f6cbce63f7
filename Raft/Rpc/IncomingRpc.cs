namespace Raft;

/// <summary>A request that a transport received, with the way back. A transport derives its own.</summary>
/// <param name="request">The request.</param>
public abstract class IncomingRpc(RpcRequest request)
{
    private int _answered;

    /// <summary>The request.</summary>
    public RpcRequest Request { get; } = request;

    /// <summary>When the loop first took it, by the node's clock; null where nobody measures.</summary>
    internal TimeSpan? TakenAt { get; set; }

    /// <summary>
    /// The snapshot's bytes behind an <see cref="InstallSnapshotRequest"/>, as they arrive; null with all others. Read by
    /// one task at a time, before the answer: once that is given, what is left of them is passed over.
    /// </summary>
    public virtual ISnapshotBody? Body => null;

    /// <summary>Answers, from any thread, without waiting. Only the first answer counts.</summary>
    /// <param name="response">The answer, or null together with an error.</param>
    /// <param name="error">An error text for the sender; null for none.</param>
    public void Respond(RpcResponse? response, string? error = null)
    {
        if (Interlocked.Exchange(ref _answered, 1) == 0)
        {
            Send(response, error);
        }
    }

    /// <summary>Hands the answer to the connection. Called once; must neither block nor throw.</summary>
    /// <param name="response">The answer, or null together with an error.</param>
    /// <param name="error">An error text for the sender; null for none.</param>
    protected abstract void Send(RpcResponse? response, string? error);
}
