namespace Raft.Tests.Support;

/// <summary>A transport whose other side is what the test says: by default nobody answers.</summary>
internal class ScriptedTransport : ITransport
{
    private static readonly RpcHeader Peer = new(3, "n2", "addr2");

    /// <summary>Thrown by <see cref="Start"/>.</summary>
    public Exception? StartFailure { get; set; }

    /// <summary>Thrown when it is closed.</summary>
    public Exception? CloseFailure { get; set; }

    /// <summary>Whether votes are granted; else the request waits until it is cancelled.</summary>
    public bool Grants { get; set; }

    /// <summary>Answers requests for votes, where it is set.</summary>
    public Func<RequestVoteRequest, RequestVoteResponse>? Votes { get; set; }

    /// <summary>Answers pre-votes, where it is set.</summary>
    public Func<RequestPreVoteRequest, RequestPreVoteResponse>? PreVotes { get; set; }

    /// <summary>Makes the pipelines; null where connections are refused.</summary>
    public Func<IAppendPipeline>? Pipelines { get; set; }

    /// <summary>How many pipelines were opened.</summary>
    public int Opened { get; private set; }

    public ServerAddress LocalAddress => "addr1";

    public void Start(IRpcReceiver receiver)
    {
        if (StartFailure is not null)
        {
            throw StartFailure;
        }
    }

    public ValueTask DisposeAsync() =>
        CloseFailure is null ? ValueTask.CompletedTask : ValueTask.FromException(CloseFailure);

    public ValueTask<AppendEntriesResponse> AppendEntriesAsync(
        Server target, AppendEntriesRequest request, CancellationToken cancellationToken) => Grants
            ? ValueTask.FromResult(new AppendEntriesResponse(Peer) { Term = request.Term, Success = true })
            : Refuse<AppendEntriesResponse>();

    public ValueTask<IAppendPipeline> OpenAppendPipelineAsync(Server target, CancellationToken cancellationToken)
    {
        Opened++;
        return Pipelines is null ? Refuse<IAppendPipeline>() : ValueTask.FromResult(Pipelines());
    }

    public async ValueTask<RequestVoteResponse> RequestVoteAsync(
        Server target, RequestVoteRequest request, CancellationToken cancellationToken)
    {
        if (Votes is not null)
        {
            return Votes(request);
        }

        if (!Grants)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }

        return new RequestVoteResponse(Peer) { Term = request.Term, Granted = true };
    }

    public async ValueTask<RequestPreVoteResponse> RequestPreVoteAsync(
        Server target, RequestPreVoteRequest request, CancellationToken cancellationToken) =>
        PreVotes is not null ? PreVotes(request)
        : Grants ? new RequestPreVoteResponse(Peer) { Term = request.Term, Granted = true }
        : await Refuse<RequestPreVoteResponse>();

    public ValueTask<InstallSnapshotResponse> InstallSnapshotAsync(
        Server target, InstallSnapshotRequest request, ISnapshotBody body, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Snapshots are not sent yet.");

    public ValueTask<TimeoutNowResponse> TimeoutNowAsync(
        Server target, TimeoutNowRequest request, CancellationToken cancellationToken) => Refuse<TimeoutNowResponse>();

    public ValueTask<AskResponse> AskAsync(Server target, AskRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromException<AskResponse>(new TransportException(TransportFailure.Closed, "connection ended"));

    private static ValueTask<T> Refuse<T>() =>
        ValueTask.FromException<T>(new TransportException(TransportFailure.Unreachable, "connection refused"));
}
