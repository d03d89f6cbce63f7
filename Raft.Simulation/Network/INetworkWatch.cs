namespace Raft.Simulation.Network;

/// <summary>Sees every message as it leaves its sender: what it says must be true, and durable, then.</summary>
internal interface INetworkWatch
{
    /// <summary>A request leaves.</summary>
    void Requested(int from, int to, RpcRequest request);

    /// <summary>An answer leaves.</summary>
    /// <param name="from">Who answers.</param>
    /// <param name="to">Who asked.</param>
    /// <param name="request">The request.</param>
    /// <param name="response">The answer.</param>
    /// <param name="askedAt">The step in which the request left; null where nobody waits for the answer.</param>
    void Answered(int from, int to, RpcRequest request, RpcResponse response, long? askedAt);

    /// <summary>Appends are on their way on one connection and not answered.</summary>
    void InFlight(int from, int to, int count, int countMax);
}
