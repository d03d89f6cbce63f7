namespace Raft.Fsm.Sample.Join;

/// <summary>
/// A transport that delivers nothing until it is released: a server that may have forgotten its votes must not be
/// asked for one. Sending goes through; a server that heard nothing has nothing to send.
/// </summary>
internal sealed class HeldTransport(ITransport inner) : ITransport
{
    // Start and release come from two tasks, in any order; there is no task that could own what they share.
    private readonly Lock _gate = new();
    private IRpcReceiver? _receiver;
    private bool _isReleased;
    private bool _isClosed;

    /// <inheritdoc/>
    public ServerAddress LocalAddress => inner.LocalAddress;

    /// <summary>Delivers from now on.</summary>
    public void Release()
    {
        lock (_gate)
        {
            if (_receiver is not null && !_isReleased && !_isClosed)
            {
                inner.Start(_receiver);
            }

            _isReleased = true;
        }
    }

    /// <inheritdoc/>
    public void Start(IRpcReceiver receiver)
    {
        lock (_gate)
        {
            _receiver = receiver;
            if (_isReleased)
            {
                inner.Start(receiver);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<AppendEntriesResponse> AppendEntriesAsync(
        Server target, AppendEntriesRequest request, CancellationToken cancellationToken) =>
        inner.AppendEntriesAsync(target, request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IAppendPipeline> OpenAppendPipelineAsync(Server target, CancellationToken cancellationToken) =>
        inner.OpenAppendPipelineAsync(target, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<RequestVoteResponse> RequestVoteAsync(
        Server target, RequestVoteRequest request, CancellationToken cancellationToken) =>
        inner.RequestVoteAsync(target, request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<RequestPreVoteResponse> RequestPreVoteAsync(
        Server target, RequestPreVoteRequest request, CancellationToken cancellationToken) =>
        inner.RequestPreVoteAsync(target, request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<InstallSnapshotResponse> InstallSnapshotAsync(
        Server target, InstallSnapshotRequest request, ISnapshotBody body, CancellationToken cancellationToken) =>
        inner.InstallSnapshotAsync(target, request, body, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TimeoutNowResponse> TimeoutNowAsync(
        Server target, TimeoutNowRequest request, CancellationToken cancellationToken) =>
        inner.TimeoutNowAsync(target, request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<AskResponse> AskAsync(Server target, AskRequest request, CancellationToken cancellationToken) =>
        inner.AskAsync(target, request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ConnectOutcome> ProbeAsync(Server target, CancellationToken cancellationToken) =>
        inner.ProbeAsync(target, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _isClosed = true;
        }

        return inner.DisposeAsync();
    }
}
