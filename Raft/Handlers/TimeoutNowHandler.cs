using Microsoft.Extensions.Logging;
using Raft.Core;
using Raft.Mutations;
using Raft.Observability;

namespace Raft.Handlers;

/// <summary>
/// Campaigns at once when the leader hands over (thesis 3.10). Only the known leader may say so, and only to a server
/// that votes (W28 in docs/divergence.md): anyone else could depose leaders at will. Go before 1.3.7 does not say who it is.
/// </summary>
internal sealed class TimeoutNowHandler(NodeState state, LeaderClaims claims, HeartbeatGate gate, ILogger logger, Mutation mutation)
{
    private ulong _campaignTerm;
    private RpcHeader _toldBy;

    /// <summary>Handles a request.</summary>
    public HandlerOutcome Handle(IncomingRpc rpc, TimeoutNowRequest request)
    {
        if (state.Role == RaftState.Candidate && state.Term == _campaignTerm && request.Header == _toldBy)
        {
            // Told again, by the same leader, before its new term reached that one: what is asked for is being done.
            rpc.Respond(new TimeoutNowResponse(default(RpcHeader)));
            return HandlerOutcome.Done;
        }

        bool isVoter = state.MayCampaign || mutation == Mutation.NonvoterCampaigns;
        if (state.Role != RaftState.Follower || !isVoter || !state.Leader.IsKnown || !claims.IsLeaders(request.Header)
            || (request.Term != 0 && request.Term != state.Term) || BreaksPromise(request))
        {
            logger.CampaignNotForced(state.LocalId, request.Header.Id, state.Leader.Id);
            rpc.Respond(null, "only a leader tells its own followers to campaign, and only those that vote");
            return HandlerOutcome.Done;
        }

        _campaignTerm = state.Term + 1;
        if (request.Term != 0)
        {
            gate.Promise.End();
        }

        _toldBy = request.Header;
        rpc.Respond(new TimeoutNowResponse(default(RpcHeader)));
        return HandlerOutcome.Campaign;
    }

    /// <summary>
    /// Whoever names no term may have sent this in an earlier one, and rely on promises now; Go servers never do, and a leader of this
    /// library that does not know yet who this is waits until they have ended.
    /// </summary>
    private bool BreaksPromise(TimeoutNowRequest request)
    {
        bool isPromised = request.Term == 0 && state.HoldPromise() is not null;
        state.OpenGate();
        return isPromised;
    }
}
