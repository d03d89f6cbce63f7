namespace Raft.Core;

/// <summary>Why a vote is granted or refused.</summary>
internal enum VoteDecision
{
    /// <summary>The vote is given.</summary>
    Grant,

    /// <summary>The candidate's term is newer: adopt it as a follower, then decide again.</summary>
    AdoptTerm,

    /// <summary>The candidate is no member of the configuration, or says neither who nor where it is.</summary>
    NotMember,

    /// <summary>This server has promised its leader to elect nobody else yet, and that one did not send the candidate.</summary>
    Promised,

    /// <summary>There is a leader, heard not long ago, and it did not send the candidate.</summary>
    LeaderKnown,

    /// <summary>The candidate's term is over.</summary>
    OldTerm,

    /// <summary>The candidate is a member without a vote.</summary>
    NotVoter,

    /// <summary>This term's vote went to another.</summary>
    VotedForOther,

    /// <summary>The candidate's log lacks entries that may be committed (§5.4.1).</summary>
    LogBehind,
}

/// <summary>What a voter knows when it is asked.</summary>
internal readonly record struct VoterView(
    TermAndVote Record, ClusterConfiguration Configuration, bool IsLeaderProtected, ServerId LeaderId,
    ServerAddress LeaderAddress, ulong LastLogIndex, ulong LastLogTerm, ulong? PromisedTerm = null);

/// <summary>What a candidate says of itself. From Go versions before 1.3.7 the id is empty.</summary>
internal readonly record struct CandidateView(
    ServerId Id, ServerAddress Address, ulong Term, ulong LastLogIndex, ulong LastLogTerm, bool IsTransfer, ulong TransferTerm = 0);

/// <summary>Who gets a vote (§5.2, §5.4.1, thesis 4.2.3), and who would (thesis 9.6). Pure.</summary>
/// <remarks>Logs are compared as held in memory, durable or not: that a candidate's is behind ours is true either way.</remarks>
internal static class VoteRules
{
    /// <summary>Decides about a vote.</summary>
    public static VoteDecision Decide(in VoterView voter, in CandidateView candidate)
    {
        if (IsStranger(voter, candidate))
        {
            return VoteDecision.NotMember;
        }

        if (IsPromised(voter, candidate))
        {
            return VoteDecision.Promised;
        }

        // A live leader is protected from candidates that it did not send itself (thesis 4.2.3).
        if (IsProtected(voter, candidate) && !candidate.IsTransfer)
        {
            return VoteDecision.LeaderKnown;
        }

        // Term 0 is before all elections; servers ask in it only whether they are answered.
        if (candidate.Term < voter.Record.Term || candidate.Term == 0)
        {
            return VoteDecision.OldTerm;
        }

        if (candidate.Term > voter.Record.Term)
        {
            return VoteDecision.AdoptTerm;
        }

        if (!HasVote(voter, candidate))
        {
            return VoteDecision.NotVoter;
        }

        if (voter.Record.HasVoted && !IsSame(voter.Record.VotedFor, voter.Record.VotedForAddress, candidate))
        {
            return VoteDecision.VotedForOther;
        }

        return IsUpToDate(voter, candidate) ? VoteDecision.Grant : VoteDecision.LogBehind;
    }

    /// <summary>Decides whether a vote would be given in the candidate's next term. Nobody's term changes.</summary>
    public static VoteDecision DecidePreVote(in VoterView voter, in CandidateView candidate)
    {
        if (IsStranger(voter, candidate))
        {
            return VoteDecision.NotMember;
        }

        if (IsPromised(voter, candidate))
        {
            return VoteDecision.Promised;
        }

        if (IsProtected(voter, candidate))
        {
            return VoteDecision.LeaderKnown;
        }

        if (candidate.Term < voter.Record.Term || candidate.Term == 0)
        {
            return VoteDecision.OldTerm;
        }

        if (!HasVote(voter, candidate))
        {
            return VoteDecision.NotVoter;
        }

        return IsUpToDate(voter, candidate) ? VoteDecision.Grant : VoteDecision.LogBehind;
    }

    // Whom our configuration does not know may have been given its vote by an entry that we lack, and who is losing its vote
    // may be the only one to have the entry that says so: refusing them could leave a cluster without a leader for good
    // (thesis 4.2.2). A server that was removed and does not know it cannot have a log as good as those that removed it.
    private static bool IsStranger(in VoterView voter, in CandidateView candidate) =>
        candidate.Id.IsTooLong || candidate.Address.IsTooLong || (candidate.Id.IsEmpty
            ? candidate.Address.IsEmpty
            : !voter.Configuration.Servers.IsEmpty && voter.Configuration.Find(candidate.Id) is null
                && !IsUpToDate(voter, candidate));

    private static bool HasVote(in VoterView voter, in CandidateView candidate) =>
        candidate.Id.IsEmpty || voter.Configuration.Servers.IsEmpty || voter.Configuration.IsVoter(candidate.Id)
        || IsUpToDate(voter, candidate);

    // Only the leader that has the promise releases from it: it has stopped relying on it before it sent the candidate.
    private static bool IsPromised(in VoterView voter, in CandidateView candidate) =>
        voter.PromisedTerm is { } term
        && !(candidate.IsTransfer && candidate.TransferTerm != 0 && candidate.TransferTerm == term);

    private static bool IsProtected(in VoterView voter, in CandidateView candidate) =>
        voter.IsLeaderProtected && !IsSame(voter.LeaderId, voter.LeaderAddress, candidate);

    private static bool IsSame(ServerId id, ServerAddress address, in CandidateView candidate) =>
        !id.IsEmpty && !candidate.Id.IsEmpty ? id == candidate.Id : address == candidate.Address;

    /// <summary>
    /// Whether only the voter's own term or vote keeps it from voting for a candidate whose log is as good. It should let that
    /// one campaign again before it does so itself: it may campaign in every term, lose by its log, and refuse the others.
    /// </summary>
    public static bool ShouldGiveWay(in VoterView voter, in CandidateView candidate, VoteDecision decision) =>
        decision is VoteDecision.VotedForOther or VoteDecision.OldTerm && candidate.Term > 0 && !voter.IsLeaderProtected
        && HasVote(voter, candidate) && IsUpToDate(voter, candidate);

    private static bool IsUpToDate(in VoterView voter, in CandidateView candidate) =>
        candidate.LastLogTerm != voter.LastLogTerm
            ? candidate.LastLogTerm > voter.LastLogTerm
            : candidate.LastLogIndex >= voter.LastLogIndex;
}
