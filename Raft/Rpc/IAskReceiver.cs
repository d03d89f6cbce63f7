namespace Raft.Rpc;

/// <summary>Where questions of other servers' applications go: past the loop, to user code on a scheduler of its own.</summary>
internal interface IAskReceiver
{
    /// <summary>Takes a question; returns at once.</summary>
    void Receive(IncomingRpc rpc, AskRequest request);
}
