namespace Raft;

/// <summary>Where a transport delivers what it received.</summary>
public interface IRpcReceiver
{
    /// <summary>
    /// Takes a request. Called from any thread; returns at once and does not throw. The answer may be given before
    /// it returns, or much later.
    /// </summary>
    /// <param name="rpc">The request with its way back.</param>
    void Receive(IncomingRpc rpc);
}
