using Microsoft.Extensions.Logging;
using Raft.Core;
using Raft.Mutations;
using Raft.Observability;
using Raft.Rpc;
using Raft.Snapshots;

namespace Raft.Handlers;

/// <summary>Gives each incoming request to its handler, after a look at the header. Owned by the loop.</summary>
internal sealed class RpcDispatcher
{
    // Part of the wire: senders compare this text.
    private const string UnsupportedProtocol = "operation not supported with current protocol version";

    private readonly NodeState _state;
    private readonly ILogger _logger;
    private readonly RpcMeter _meter;
    private readonly AppendEntriesHandler _appendEntries;
    private readonly InstallSnapshotHandler _installSnapshot;
    private readonly RequestVoteHandler _requestVote;
    private readonly RequestPreVoteHandler _requestPreVote;
    private readonly TimeoutNowHandler _timeoutNow;

    public RpcDispatcher(
        NodeState state, AnswerQueue answers, HeartbeatGate gate, SnapshotReceiver receiver, PeerCapabilities capabilities,
        long snapshotBytesMax, RpcMeter meter, ILogger logger, Mutation mutation)
    {
        _state = state;
        _logger = logger;
        _meter = meter;
        var claims = new LeaderClaims(state, gate, logger);
        _appendEntries = new AppendEntriesHandler(state, answers, claims, gate, capabilities, meter, logger, mutation);
        _installSnapshot = new InstallSnapshotHandler(state, answers, claims, receiver, snapshotBytesMax, logger);
        _requestVote = new RequestVoteHandler(state, answers, gate, logger, mutation);
        _requestPreVote = new RequestPreVoteHandler(state, answers, logger, mutation);
        _timeoutNow = new TimeoutNowHandler(state, claims, gate, logger, mutation);
    }

    /// <inheritdoc cref="InstallSnapshotHandler.IsHolding"/>
    public bool HoldsSnapshot => _installSnapshot.IsHolding;

    /// <inheritdoc cref="RequestPreVoteHandler.Granted"/>
    public long PreVotesGranted => _requestPreVote.Granted;

    /// <summary>Handles a request.</summary>
    /// <param name="rpc">The request.</param>
    /// <param name="term">The term that the request names: the newer one, where the outcome is to adopt it; 0 for none.</param>
    public HandlerOutcome Handle(IncomingRpc rpc, out ulong term)
    {
        term = 0;
        _meter.Taken(rpc);
        if (!RaftConfig.IsSpoken(rpc.Request.Header.ProtocolVersion))
        {
            rpc.Respond(null, UnsupportedProtocol);
            return HandlerOutcome.Done;
        }

        switch (rpc.Request)
        {
            case AppendEntriesRequest request:
                term = request.Term;
                return _appendEntries.Handle(rpc, request);
            case InstallSnapshotRequest request:
                term = request.Term;
                return _installSnapshot.Handle(rpc, request);
            case RequestVoteRequest request:
                term = request.Term;
                return _requestVote.Handle(rpc, request);
            case RequestPreVoteRequest request:
                _requestPreVote.Handle(rpc, request);
                return HandlerOutcome.Done;
            case TimeoutNowRequest request:
                term = request.Term;
                return _timeoutNow.Handle(rpc, request);
            default:
                _logger.RequestNotServed(_state.LocalId, rpc.Request.GetType().Name, rpc.Request.Header.Id);
                rpc.Respond(null, $"{rpc.Request.GetType().Name} is not served");
                return HandlerOutcome.Done;
        }
    }

    /// <inheritdoc cref="InstallSnapshotHandler.OnRecordDurable"/>
    public void OnRecordDurable() => _installSnapshot.OnRecordDurable();

    /// <summary>The node stops.</summary>
    public void Drop() => _installSnapshot.Drop("the node was stopped");

    /// <inheritdoc cref="InstallSnapshotHandler.Take"/>
    public ISnapshotSource? Take(ReceivedSnapshot received) => _installSnapshot.Take(received);
}
