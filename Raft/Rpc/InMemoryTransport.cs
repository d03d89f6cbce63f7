using Raft.Rpc;

namespace Raft;

/// <summary>One server's place on an <see cref="InMemoryNetwork"/>, which creates it.</summary>
/// <remarks>Requests that arrive before <see cref="Start"/> wait for it.</remarks>
public sealed class InMemoryTransport : ITransport
{
    private readonly Lock _gate = new();
    private readonly Queue<IncomingRpc> _early = new();

    // Who has asked from where, as long as that server is on the network: what stands for its connections.
    private readonly Dictionary<ServerAddress, ServerId> _askers = [];

    /// <summary>Where requests go at once: set when those that came before the start were all delivered.</summary>
    private IRpcReceiver? _receiver;
    private bool _isStarted;

    internal InMemoryTransport(InMemoryNetwork network, ServerAddress address, TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        Network = network;
        LocalAddress = address;
        Timeout = timeout;
    }

    /// <inheritdoc/>
    public ServerAddress LocalAddress { get; }

    internal InMemoryNetwork Network { get; }

    internal TimeSpan Timeout { get; }

    internal bool IsDisposed { get; private set; }

    /// <inheritdoc/>
    public void Start(IRpcReceiver receiver)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            if (_isStarted)
            {
                throw new InvalidOperationException("The transport was started already.");
            }

            _isStarted = true;
        }

        // What arrives meanwhile queues up behind: nothing overtakes.
        while (NextEarly(receiver) is { } rpc)
        {
            Deliver(receiver, rpc);
        }
    }

    /// <inheritdoc/>
    public ValueTask<AppendEntriesResponse> AppendEntriesAsync(
        Server target, AppendEntriesRequest request, CancellationToken cancellationToken) =>
        InMemoryCall<AppendEntriesResponse>.SendAsync(this, target.Address, request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IAppendPipeline> OpenAppendPipelineAsync(Server target, CancellationToken cancellationToken)
    {
        if (IsDisposed || cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromException<IAppendPipeline>(new TransportException(
                TransportFailure.Shutdown, "the attempt was cancelled, or this transport closed"));
        }

        InMemoryLink link = Network.LinkOf(LocalAddress, target.Address);
        bool isReached = link == InMemoryLink.BlackHole
            || (link == InMemoryLink.Connected && Network.Find(target.Address) is not null);
        if (!isReached)
        {
            return ValueTask.FromException<IAppendPipeline>(
                new TransportException(TransportFailure.Unreachable, $"{target.Address} is not reached"));
        }

        var pipeline = new InMemoryPipeline(this, target.Address);
        if (IsDisposed)
        {
            // Disposed before the network knew the pipeline, which therefore did not end it.
            var closed = new TransportException(TransportFailure.Shutdown, "this transport was closed");
            pipeline.End(closed);
            return ValueTask.FromException<IAppendPipeline>(closed);
        }

        return ValueTask.FromResult<IAppendPipeline>(pipeline);
    }

    /// <inheritdoc/>
    public ValueTask<RequestVoteResponse> RequestVoteAsync(
        Server target, RequestVoteRequest request, CancellationToken cancellationToken) =>
        InMemoryCall<RequestVoteResponse>.SendAsync(this, target.Address, request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<RequestPreVoteResponse> RequestPreVoteAsync(
        Server target, RequestPreVoteRequest request, CancellationToken cancellationToken) =>
        InMemoryCall<RequestPreVoteResponse>.SendAsync(this, target.Address, request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<InstallSnapshotResponse> InstallSnapshotAsync(
        Server target, InstallSnapshotRequest request, ISnapshotBody body, CancellationToken cancellationToken) =>
        InMemoryCall<InstallSnapshotResponse>.SendAsync(this, target.Address, request, body, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TimeoutNowResponse> TimeoutNowAsync(
        Server target, TimeoutNowRequest request, CancellationToken cancellationToken) =>
        InMemoryCall<TimeoutNowResponse>.SendAsync(this, target.Address, request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<AskResponse> AskAsync(Server target, AskRequest request, CancellationToken cancellationToken) =>
        InMemoryCall<AskResponse>.SendAsync(this, target.Address, request, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>A server that has left the network is refused; behind a link that is cut nothing is known.</remarks>
    public ValueTask<ConnectOutcome> ProbeAsync(Server target, CancellationToken cancellationToken) =>
        ValueTask.FromResult(
            IsDisposed || Network.LinkOf(LocalAddress, target.Address) != InMemoryLink.Connected ? ConnectOutcome.Unknown
            : Network.Find(target.Address) is null ? ConnectOutcome.Refused
            : ConnectOutcome.Connected);

    /// <summary>Leaves the network: calls that wait fail with <see cref="TransportFailure.Shutdown"/>.</summary>
    /// <returns>Completed.</returns>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (IsDisposed)
            {
                return ValueTask.CompletedTask;
            }

            IsDisposed = true;
            _early.Clear();
            _askers.Clear();
        }

        Network.Remove(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Takes a request, to be delivered now or at the start.</summary>
    /// <param name="rpc">The request.</param>
    /// <param name="source">Where it comes from.</param>
    /// <returns>Whether this server can be reached.</returns>
    internal bool TryReceive(IncomingRpc rpc, ServerAddress source)
    {
        lock (_gate)
        {
            if (IsDisposed)
            {
                return false;
            }

            if (!rpc.Request.Header.Id.IsEmpty)
            {
                _askers[source] = rpc.Request.Header.Id;
            }

            if (_receiver is null)
            {
                _early.Enqueue(rpc);
                return true;
            }
        }

        Deliver(_receiver, rpc);
        return true;
    }

    /// <summary>A server has left the network.</summary>
    internal void Left(ServerAddress source)
    {
        IRpcReceiver? receiver;
        ServerId gone;
        lock (_gate)
        {
            receiver = _receiver;
            if (!_askers.Remove(source, out gone) || IsDisposed || _askers.ContainsValue(gone))
            {
                return;
            }
        }

        try
        {
            receiver?.Disconnected(gone);
        }
        catch (Exception)
        {
            // Receivers promise not to; and this runs on the task of whoever leaves.
        }
    }

    private static void Deliver(IRpcReceiver receiver, IncomingRpc rpc)
    {
        try
        {
            receiver.Receive(rpc);
        }
        catch (Exception exception)
        {
            // Receivers promise not to; and it is not the sender's fault, on whose task this runs.
            rpc.Respond(null, $"the receiver failed: {exception.Message}");
        }
    }

    private IncomingRpc? NextEarly(IRpcReceiver receiver)
    {
        lock (_gate)
        {
            if (_early.TryDequeue(out IncomingRpc? rpc))
            {
                return rpc;
            }

            _receiver = receiver;
            return null;
        }
    }
}
