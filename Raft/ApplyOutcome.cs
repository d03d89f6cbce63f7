namespace Raft;

/// <summary>What <see cref="RaftNode.TryApplyAsync"/> says of a command.</summary>
/// <param name="Fate">Whether it is done.</param>
/// <param name="Result">Where it stands and what the state machine answered; zero unless it is done.</param>
/// <param name="Index">Its place in the log; 0 where it has none, or none is known here.</param>
/// <param name="Term">The term it was appended in, or in which the leader was asked to; 0 where it was not appended.</param>
/// <param name="Failure">Why it is not known to be done; null where it is done.</param>
public readonly record struct ApplyOutcome(CommandFate Fate, ApplyResult Result, ulong Index, ulong Term, Exception? Failure)
{
    /// <summary>
    /// What an exception of <see cref="RaftNode.ApplyAsync"/> means for the command. <see cref="OperationCanceledException"/> leaves
    /// it unknown.
    /// </summary>
    /// <param name="failure">The exception.</param>
    public static ApplyOutcome Of(Exception failure) => failure switch
    {
        LeadershipLostException lost => new(CommandFate.Unknown, default, lost.Index, lost.Term, failure),
        EntryOvertakenException overtaken => new(CommandFate.NotDone, default, overtaken.Index, overtaken.Term, failure),
        NotLeaderException or EnqueueTimeoutException or EntryTooLargeException or RaftShutdownException
            or LeadershipTransferInProgressException or ConfigurationChangeException
            => new(CommandFate.NotDone, default, Index: 0, Term: 0, failure),
        _ => new(CommandFate.Unknown, default, Index: 0, Term: 0, failure),
    };
}
