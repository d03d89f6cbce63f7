using Raft.Rpc;

namespace Raft.Tests.Support;

/// <summary>One server's end of a <see cref="VirtualNetwork"/>.</summary>
internal sealed class VirtualTransport(VirtualNetwork network, ServerAddress address) : ITransport
{
    private readonly HashSet<VirtualPipeline> _pipelines = [];
    private readonly HashSet<Action> _calls = [];
    private IRpcReceiver? _receiver;
    private bool _isClosed;

    public ServerAddress LocalAddress => address;

    public void Start(IRpcReceiver receiver)
    {
        _receiver = receiver;
        network.Register(this);
    }

    public ValueTask<AppendEntriesResponse> AppendEntriesAsync(
        Server target, AppendEntriesRequest request, CancellationToken cancellationToken) =>
        CallAsync<AppendEntriesResponse>(target, request, cancellationToken);

    public ValueTask<RequestVoteResponse> RequestVoteAsync(
        Server target, RequestVoteRequest request, CancellationToken cancellationToken) =>
        CallAsync<RequestVoteResponse>(target, request, cancellationToken);

    public ValueTask<RequestPreVoteResponse> RequestPreVoteAsync(
        Server target, RequestPreVoteRequest request, CancellationToken cancellationToken) =>
        CallAsync<RequestPreVoteResponse>(target, request, cancellationToken);

    public async ValueTask<InstallSnapshotResponse> InstallSnapshotAsync(
        Server target, InstallSnapshotRequest request, ISnapshotBody body, CancellationToken cancellationToken)
    {
        // One byte more than there are: so that the end is read too.
        byte[] bytes = new byte[request.Size + 1];
        (int count, _) = await new ExactBody(body, request.Size).FillAsync(bytes);
        return await CallAsync<InstallSnapshotResponse>(target, request, cancellationToken, new MemoryBody(bytes.AsMemory(0, count)));
    }

    public ValueTask<TimeoutNowResponse> TimeoutNowAsync(
        Server target, TimeoutNowRequest request, CancellationToken cancellationToken) =>
        CallAsync<TimeoutNowResponse>(target, request, cancellationToken);

    public ValueTask<AskResponse> AskAsync(Server target, AskRequest request, CancellationToken cancellationToken) =>
        CallAsync<AskResponse>(target, request, cancellationToken);

    public ValueTask<IAppendPipeline> OpenAppendPipelineAsync(Server target, CancellationToken cancellationToken)
    {
        if (_isClosed || !network.IsUp(target.Address))
        {
            return ValueTask.FromException<IAppendPipeline>(
                new TransportException(TransportFailure.Unreachable, $"{target} refuses connections"));
        }

        var pipeline = new VirtualPipeline(network, address, target, p => _pipelines.Remove(p));
        _pipelines.Add(pipeline);
        return ValueTask.FromResult<IAppendPipeline>(pipeline);
    }

    public ValueTask DisposeAsync()
    {
        _isClosed = true;
        network.Unregister(this);
        foreach (VirtualPipeline pipeline in _pipelines.ToArray())
        {
            pipeline.End(new TransportException(TransportFailure.Shutdown, "the transport was closed"));
        }

        foreach (Action fail in _calls.ToArray())
        {
            fail();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<ConnectOutcome> ProbeAsync(Server target, CancellationToken cancellationToken) =>
        network.ProbeAsync(address, target.Address, cancellationToken);

    internal void Disconnected(ServerId server) => _receiver!.Disconnected(server);

    internal void Deliver(IncomingRpc rpc) => _receiver!.Receive(rpc);

    private async ValueTask<T> CallAsync<T>(
        Server target, RpcRequest request, CancellationToken cancellationToken, ISnapshotBody? body = null)
        where T : RpcResponse
    {
        if (_isClosed || !network.IsUp(target.Address))
        {
            throw new TransportException(TransportFailure.Unreachable, $"{target} refuses connections");
        }

        if (request is AskRequest && network.Foreign.Contains(target.Address))
        {
            throw new TransportException(TransportFailure.Closed, $"{target} ended the connection");
        }

        var outcome = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Fail(TransportFailure why) => outcome.TrySetException(new TransportException(why, $"{target}: {why}"));
        void Shutdown() => Fail(TransportFailure.Shutdown);
        network.Carry(address, target.Address, request, (response, error) =>
        {
            if (error is null && response is T answer)
            {
                outcome.TrySetResult(answer);
            }
            else
            {
                outcome.TrySetException(new RemoteRpcException(error ?? "no answer of the right kind"));
            }
        }, body);
        network.After(body is null ? network.Timeout : 10 * network.Timeout, () => Fail(TransportFailure.TimedOut));
        _calls.Add(Shutdown);
        using CancellationTokenRegistration cancelled = cancellationToken.Register(Shutdown);
        try
        {
            return await outcome.Task;
        }
        finally
        {
            _calls.Remove(Shutdown);
        }
    }
}
