using Microsoft.Extensions.Logging;
using Raft.Core;
using Raft.Mutations;
using Raft.Observability;

namespace Raft.Handlers;

/// <summary>Says whether a vote would be given (thesis 9.6). Changes nothing here: no term, no vote, no contact.</summary>
internal sealed class RequestPreVoteHandler(NodeState state, AnswerQueue answers, ILogger logger, Mutation mutation)
{
    /// <summary>How often it has said yes.</summary>
    public long Granted { get; private set; }

    /// <summary>Handles a request.</summary>
    public void Handle(IncomingRpc rpc, RequestPreVoteRequest request)
    {
        CandidateView candidate = Candidates.ViewOf(request);
        VoteDecision decision = VoteRules.DecidePreVote(Candidates.VoterOf(state, mutation), candidate);
        Granted += decision == VoteDecision.Grant ? 1 : 0;
        state.OpenGate();
        logger.PreVoteDecided(state.LocalId, candidate.Id, candidate.Term, decision);
        bool isHeard = decision is not (VoteDecision.NotMember or VoteDecision.Promised or VoteDecision.LeaderKnown);
        answers.Add(rpc, new RequestPreVoteResponse(state.Header)
        {
            Term = isHeard ? Math.Max(request.Term, state.Term) : state.Term,
            Granted = decision == VoteDecision.Grant,
        });
    }
}
