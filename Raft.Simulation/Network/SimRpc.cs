namespace Raft.Simulation.Network;

/// <summary>A request at its receiver.</summary>
/// <param name="request">The request.</param>
/// <param name="answer">Takes the answer; null where nobody waits for it.</param>
internal sealed class SimRpc(RpcRequest request, Action<RpcResponse?, string?>? answer) : IncomingRpc(request)
{
    protected override void Send(RpcResponse? response, string? error) => answer?.Invoke(response, error);
}
