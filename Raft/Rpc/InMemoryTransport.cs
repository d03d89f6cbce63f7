using Raft.Rpc;

namespace Raft;

/// <summary>One server's place on an <see cref="InMemoryNetwork"/>, which creates it.</summary>
/// <remarks>Requests that arrive before <see cref="Start"/> wait for it.</remarks>
public sealed class InMemoryTransport : ITransport
{
    private readonly Lock _gate = new();
    private readonly List<IncomingRpc> _early = [];
    private IRpcReceiver? _receiver;

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
        IncomingRpc[] early;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            if (_receiver is not null)
            {
                throw new InvalidOperationException("The transport was started already.");
            }

            _receiver = receiver;
            early = [.. _early];
            _early.Clear();
        }

        foreach (IncomingRpc rpc in early)
        {
            receiver.Receive(rpc);
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
        return isReached
            ? ValueTask.FromResult<IAppendPipeline>(new InMemoryPipeline(this, target.Address))
            : ValueTask.FromException<IAppendPipeline>(
                new TransportException(TransportFailure.Unreachable, $"{target.Address} is not reached"));
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
    public ValueTask<TimeoutNowResponse> TimeoutNowAsync(
        Server target, TimeoutNowRequest request, CancellationToken cancellationToken) =>
        InMemoryCall<TimeoutNowResponse>.SendAsync(this, target.Address, request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<AskResponse> AskAsync(Server target, AskRequest request, CancellationToken cancellationToken) =>
        InMemoryCall<AskResponse>.SendAsync(this, target.Address, request, cancellationToken);

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
        }

        Network.Remove(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Takes a request, to be delivered now or at the start.</summary>
    /// <returns>Whether this server can be reached.</returns>
    internal bool TryReceive(IncomingRpc rpc)
    {
        lock (_gate)
        {
            if (IsDisposed)
            {
                return false;
            }

            if (_receiver is null)
            {
                _early.Add(rpc);
                return true;
            }
        }

        _receiver.Receive(rpc);
        return true;
    }
}
