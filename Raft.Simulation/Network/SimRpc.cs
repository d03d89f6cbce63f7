namespace Raft.Simulation.Network;

/// <summary>A request at its receiver.</summary>
/// <param name="request">The request.</param>
/// <param name="answer">Takes the answer; null where nobody waits for it.</param>
internal sealed class SimRpc(RpcRequest request, Action<RpcResponse?, string?>? answer) : IncomingRpc(request)
{
    /// <summary>The snapshot behind the request, if there is one.</summary>
    public ISnapshotBody? SnapshotBody { get; init; }

    public override ISnapshotBody? Body => SnapshotBody;

    protected override void Send(RpcResponse? response, string? error) => answer?.Invoke(response, error);
}
