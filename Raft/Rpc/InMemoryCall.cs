namespace Raft.Rpc;

/// <summary>One request and its answer on an <see cref="InMemoryNetwork"/>.</summary>
internal sealed class InMemoryCall<TResponse> : InMemoryExchange, IDisposable
    where TResponse : RpcResponse
{
    /// <summary>As in Go: before a snapshot is answered, a state machine is restored.</summary>
    private const int SnapshotTimeouts = 10;

    private readonly TaskCompletionSource<TResponse> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly InMemoryBody? _body;
    private CallDeadline? _deadline;
    private CancellationTokenRegistration _cancellation;

    private InMemoryCall(InMemoryNetwork network, ServerAddress source, ServerAddress target, InMemoryBody? body)
        : base(network, source, target) => _body = body;

    /// <summary>Sends a request.</summary>
    /// <returns>Completes with the answer.</returns>
    public static ValueTask<TResponse> SendAsync(
        InMemoryTransport source, ServerAddress target, RpcRequest request, CancellationToken cancellationToken)
    {
        var call = new InMemoryCall<TResponse>(source.Network, source.LocalAddress, target, body: null);
        source.Network.Add(call);
        call.Begin(source, request, source.Timeout, cancellationToken);
        return new(call._completion.Task);
    }

    /// <summary>Sends a snapshot, whose bytes the target reads from the sender's body.</summary>
    /// <returns>Completes with the answer, once the body is not read any more.</returns>
    public static async ValueTask<TResponse> SendAsync(
        InMemoryTransport source, ServerAddress target, InstallSnapshotRequest request, ISnapshotBody body,
        CancellationToken cancellationToken)
    {
        var guard = new InMemoryBody(body, request.Size);
        var call = new InMemoryCall<TResponse>(source.Network, source.LocalAddress, target, guard);
        guard.OnFailed = call.End;
        guard.OnRead = call.BodyArrives;
        source.Network.Add(call);
        call.Begin(source, request, SnapshotTimeouts * source.Timeout, cancellationToken);
        try
        {
            return await call._completion.Task;
        }
        finally
        {
            await guard.Idle;
        }
    }

    public override void End(Exception reason)
    {
        _body?.End();
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

    private void Begin(
        InMemoryTransport source, RpcRequest request, TimeSpan timeout, CancellationToken cancellationToken)
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

        _deadline = new CallDeadline(Network.TimeProvider, timeout, () => End(TimedOut(timeout)));
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
        else
        {
            _body?.End();
            if (_completion.TrySetResult(answer))
            {
                Dispose();
            }
        }
    }

    // Bytes that vanish look like a sender that makes no progress; those that arrive show that it does.
    private bool BodyArrives()
    {
        InMemoryLink link = Network.LinkOf(Source, Target);
        if (link == InMemoryLink.Disconnected)
        {
            End(new TransportException(TransportFailure.Broken, $"{Source} was disconnected from {Target}"));
        }
        else if (link == InMemoryLink.Connected && !_completion.Task.IsCompleted)
        {
            _deadline?.Begin();
        }

        return link == InMemoryLink.Connected;
    }

    private sealed class Rpc(InMemoryCall<TResponse> call, RpcRequest request) : IncomingRpc(request)
    {
        public override ISnapshotBody? Body => call._body;

        protected override void Send(RpcResponse? response, string? error) => call.Answer(Request, response, error);
    }
}
