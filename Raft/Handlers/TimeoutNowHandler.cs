using Microsoft.Extensions.Logging;
using Raft.Core;
using Raft.Mutations;
using Raft.Observability;

namespace Raft.Handlers;

/// <summary>
/// Campaigns at once when the leader hands over (thesis 3.10). Only the known leader may say so, and only to a server
/// that votes (W28 in docs/divergence.md): anyone else could depose leaders at will.
/// </summary>
internal sealed class TimeoutNowHandler(NodeState state, LeaderClaims claims, ILogger logger, Mutation mutation)
{
    /// <summary>Handles a request.</summary>
    public HandlerOutcome Handle(IncomingRpc rpc, TimeoutNowRequest request)
    {
        LeaderView sender = claims.SenderOf(request.Header, legacyAddress: default);
        bool isVoter = state.MayCampaign || mutation == Mutation.NonvoterCampaigns;
        if (state.Role != RaftState.Follower || !isVoter || !state.Leader.IsKnown || !claims.IsLeader(sender))
        {
            logger.CampaignNotForced(state.LocalId, sender.Id, state.Leader.Id);
            rpc.Respond(null, "only a leader tells its own followers to campaign, and only those that vote");
            return HandlerOutcome.Done;
        }

        rpc.Respond(new TimeoutNowResponse(default(RpcHeader)));
        return HandlerOutcome.Campaign;
    }
}
