using Microsoft.Extensions.Logging;
using Raft.Core;
using Raft.Mutations;
using Raft.Observability;

namespace Raft.Handlers;

/// <summary>Gives each incoming request to its handler, after a look at the header. Owned by the loop.</summary>
internal sealed class RpcDispatcher(
    NodeState state, AnswerQueue answers, HeartbeatGate gate, ILogger logger, Mutation mutation)
{
    // Part of the wire: senders compare this text.
    private const string UnsupportedProtocol = "operation not supported with current protocol version";
    private const int ProtocolVersionMax = 3;

    private readonly AppendEntriesHandler _appendEntries = new(state, answers, gate, logger, mutation);
    private readonly RequestVoteHandler _requestVote = new(state, answers, gate, logger, mutation);
    private readonly RequestPreVoteHandler _requestPreVote = new(state, answers, logger, mutation);

    /// <summary>Handles a request.</summary>
    /// <param name="rpc">The request.</param>
    /// <param name="term">The newer term, where the outcome is to adopt one.</param>
    public HandlerOutcome Handle(IncomingRpc rpc, out ulong term)
    {
        term = 0;
        int version = rpc.Request.Header.ProtocolVersion;
        if (version < state.Header.ProtocolVersion - 1 || version > ProtocolVersionMax)
        {
            rpc.Respond(null, UnsupportedProtocol);
            return HandlerOutcome.Done;
        }

        switch (rpc.Request)
        {
            case AppendEntriesRequest request:
                term = request.Term;
                return _appendEntries.Handle(rpc, request);
            case RequestVoteRequest request:
                term = request.Term;
                return _requestVote.Handle(rpc, request);
            case RequestPreVoteRequest request:
                _requestPreVote.Handle(rpc, request);
                return HandlerOutcome.Done;
            default:
                logger.RequestNotServed(state.LocalId, rpc.Request.GetType().Name, rpc.Request.Header.Id);
                rpc.Respond(null, $"{rpc.Request.GetType().Name} is not served");
                return HandlerOutcome.Done;
        }
    }
}
