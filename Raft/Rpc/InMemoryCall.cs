namespace Raft.Rpc;

/// <summary>One request and its answer on an <see cref="InMemoryNetwork"/>.</summary>
internal sealed class InMemoryCall<TResponse> : InMemoryExchange, IDisposable
    where TResponse : RpcResponse
{
    private readonly TaskCompletionSource<TResponse> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CallDeadline? _deadline;
    private CancellationTokenRegistration _cancellation;

    private InMemoryCall(InMemoryNetwork network, ServerAddress source, ServerAddress target)
        : base(network, source, target)
    {
    }

    /// <summary>Sends a request.</summary>
    /// <returns>Completes with the answer.</returns>
    public static ValueTask<TResponse> SendAsync(
        InMemoryTransport source, ServerAddress target, RpcRequest request, CancellationToken cancellationToken)
    {
        var call = new InMemoryCall<TResponse>(source.Network, source.LocalAddress, target);
        source.Network.Add(call);
        call.Begin(source, request, cancellationToken);
        return new(call._completion.Task);
    }

    public override void End(Exception reason)
    {
        if (_completion.TrySetException(reason))
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        _deadline?.Dispose();
        _cancellation.Unregister();
        Network.Remove(this);
    }

    private void Begin(InMemoryTransport source, RpcRequest request, CancellationToken cancellationToken)
    {
        if (source.IsDisposed || cancellationToken.IsCancellationRequested)
        {
            End(new TransportException(TransportFailure.Shutdown, "the call was cancelled, or this transport closed"));
            return;
        }

        if (!TryDeliver(new Rpc(this, request)))
        {
            End(Unreachable());
            return;
        }

        if (_completion.Task.IsCompleted)
        {
            return;
        }

        _deadline = new CallDeadline(Network.TimeProvider, source.Timeout, () => End(TimedOut(source.Timeout)));
        _deadline.Begin();
        _cancellation = cancellationToken.UnsafeRegister(
            static call => ((InMemoryCall<TResponse>)call!).End(
                new TransportException(TransportFailure.Shutdown, "the call was cancelled")),
            this);
        if (_completion.Task.IsCompleted)
        {
            // Answered meanwhile by another thread, which did not see them yet.
            Dispose();
        }
    }

    private void Answer(RpcRequest request, RpcResponse? response, string? error)
    {
        if (_completion.Task.IsCompleted || !AnswerArrives())
        {
            return;
        }

        if (!string.IsNullOrEmpty(error))
        {
            End(new RemoteRpcException(error));
        }
        else if ((response ?? ZeroAnswer(request)) is not TResponse answer)
        {
            End(new TransportException(TransportFailure.Malformed, $"{Target} gave the answer to something else"));
        }
        else if (_completion.TrySetResult(answer))
        {
            Dispose();
        }
    }

    private sealed class Rpc(InMemoryCall<TResponse> call, RpcRequest request) : IncomingRpc(request)
    {
        protected override void Send(RpcResponse? response, string? error) => call.Answer(Request, response, error);
    }
}
