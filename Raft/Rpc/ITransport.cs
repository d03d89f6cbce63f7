namespace Raft;

/// <summary>How servers reach each other. Owned by the node once it started: disposing the node closes it.</summary>
/// <remarks>
/// Calls are safe from any task and each has the transport's own deadline. They fail with
/// <see cref="TransportException"/> where there was no answer, with <see cref="RemoteRpcException"/> where the
/// answer was an error. Cancelling ends the call, and may cost its connection.
/// Requests that one server sends over one <see cref="IAppendPipeline"/> are delivered and answered in order; between
/// other calls there is no order.
/// </remarks>
public interface ITransport : IAsyncDisposable
{
    /// <summary>The address under which the other servers reach this one.</summary>
    ServerAddress LocalAddress { get; }

    /// <summary>Begins to deliver incoming requests. Called once.</summary>
    /// <param name="receiver">Where they go.</param>
    void Start(IRpcReceiver receiver);

    /// <summary>Sends one AppendEntries and waits for its answer; used for heartbeats.</summary>
    /// <param name="target">Whom to ask.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The answer.</returns>
    ValueTask<AppendEntriesResponse> AppendEntriesAsync(
        Server target, AppendEntriesRequest request, CancellationToken cancellationToken);

    /// <summary>Opens a connection of its own on which appends are sent one after the other without waiting.</summary>
    /// <param name="target">Whom to send to.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The pipeline, owned by the caller.</returns>
    ValueTask<IAppendPipeline> OpenAppendPipelineAsync(Server target, CancellationToken cancellationToken);

    /// <summary>Asks for a vote.</summary>
    /// <param name="target">Whom to ask.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The answer.</returns>
    ValueTask<RequestVoteResponse> RequestVoteAsync(
        Server target, RequestVoteRequest request, CancellationToken cancellationToken);

    /// <summary>Asks whether a vote would be given.</summary>
    /// <param name="target">Whom to ask.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The answer.</returns>
    ValueTask<RequestPreVoteResponse> RequestPreVoteAsync(
        Server target, RequestPreVoteRequest request, CancellationToken cancellationToken);

    /// <summary>Sends a snapshot and waits until it is installed.</summary>
    /// <param name="target">Whom to send it to.</param>
    /// <param name="request">What is sent; its size is the number of bytes that follow.</param>
    /// <param name="body">
    /// The bytes. A failure to read them ends the call, and the receiver sees no end of them. Once the call ends nothing is read any more.
    /// </param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The answer.</returns>
    /// <remarks>
    /// The call may take as long as it makes progress: the transport's deadline is for each piece of the bytes, and
    /// longer for the answer, before which a Go server restores its state machine.
    /// </remarks>
    ValueTask<InstallSnapshotResponse> InstallSnapshotAsync(
        Server target, InstallSnapshotRequest request, ISnapshotBody body, CancellationToken cancellationToken);

    /// <summary>Tells a follower to campaign.</summary>
    /// <param name="target">Whom to tell.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The answer.</returns>
    ValueTask<TimeoutNowResponse> TimeoutNowAsync(
        Server target, TimeoutNowRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Asks a question that only servers of this library know. It is delivered once at most: never send it again on a failure, as it may
    /// carry commands (<see cref="TransportFailure.Unreachable"/> says that it was not sent).
    /// </summary>
    /// <param name="target">Whom to ask.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The answer.</returns>
    ValueTask<AskResponse> AskAsync(Server target, AskRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Connects to a server, says nothing, and closes the connection again: whether its process is there. Ends within a time of the
    /// transport's own, well below an election timeout if it can, and does not fail. A transport that cannot tell leaves it at
    /// <see cref="ConnectOutcome.Unknown"/>, and its nodes then wait for their election timer when a leader dies; so do those behind a
    /// transport that wraps another and does not hand this on.
    /// </summary>
    /// <param name="target">Whom to connect to.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>What became of it. Only what answers for the server's own port may be called <see cref="ConnectOutcome.Refused"/>.</returns>
    ValueTask<ConnectOutcome> ProbeAsync(Server target, CancellationToken cancellationToken) =>
        ValueTask.FromResult(ConnectOutcome.Unknown);
}
