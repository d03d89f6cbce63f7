using Raft.Core;
using Raft.Mutations;

namespace Raft.Handlers;

/// <summary>What the vote rules look at, taken from a request and from the node.</summary>
internal static class Candidates
{
    /// <summary>A candidate as its request shows it.</summary>
    public static CandidateView ViewOf(RequestVoteRequest request) => new(
        request.Header.Id,
        request.Header.Address.IsEmpty ? request.Candidate : request.Header.Address,
        request.Term, request.LastLogIndex, request.LastLogTerm, request.LeadershipTransfer,
        request.TransferTerm);

    /// <summary>A would-be candidate as its request shows it.</summary>
    public static CandidateView ViewOf(RequestPreVoteRequest request) => new(
        request.Header.Id, request.Header.Address, request.Term, request.LastLogIndex, request.LastLogTerm,
        IsTransfer: false);

    /// <summary>This node as a voter.</summary>
    public static VoterView VoterOf(NodeState state, Mutation mutation)
    {
        (ulong index, ulong term) = mutation == Mutation.VoteByDurableLog
            ? (state.Log.DurableIndex, state.Log.TermAt(state.Log.DurableIndex) ?? 0)
            : state.VotePosition;
        return new VoterView(
            state.Record, state.Configuration, state.IsLeaderProtected, state.Leader.Id, state.Leader.Address, index, term,
            state.HoldPromise());
    }
}
