using Microsoft.Extensions.Logging;
using Raft.Core;
using Raft.Mutations;
using Raft.Observability;

namespace Raft.Handlers;

/// <summary>Gives or refuses a vote (§5.2, §5.4.1). The answer leaves once the vote is durable.</summary>
internal sealed class RequestVoteHandler(
    NodeState state, AnswerQueue answers, HeartbeatGate gate, ILogger logger, Mutation mutation)
{
    /// <summary>Handles a request.</summary>
    public HandlerOutcome Handle(IncomingRpc rpc, RequestVoteRequest request)
    {
        CandidateView candidate = Candidates.ViewOf(request);
        VoterView voter = Candidates.VoterOf(state, mutation);
        VoteDecision decision = VoteRules.Decide(voter, candidate);
        if (decision == VoteDecision.AdoptTerm)
        {
            return HandlerOutcome.AdoptTerm;
        }

        bool isGranted = decision == VoteDecision.Grant;
        if (isGranted)
        {
            if (!state.Record.HasVoted)
            {
                state.Vote(candidate.Id, candidate.Address);
            }

            gate.Touch();
        }
        else if (VoteRules.ShouldGiveWay(voter, candidate, decision))
        {
            gate.Touch();
        }

        state.OpenGate();
        logger.VoteDecided(state.LocalId, candidate.Id, candidate.Term, decision);
        answers.Add(rpc, new RequestVoteResponse(state.Header) { Term = state.Term, Granted = isGranted });
        return HandlerOutcome.Done;
    }
}
