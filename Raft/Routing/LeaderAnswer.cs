namespace Raft.Routing;

/// <summary>What a leader says of something that another server asked it for. Part of the wire.</summary>
internal enum LeaderVerdict
{
    /// <summary>It is done.</summary>
    Done = 0,

    /// <summary>It does not lead; nothing was done.</summary>
    NotLeader = 1,

    /// <summary>It has no room; nothing was done.</summary>
    Busy = 2,

    /// <summary>It hands its leadership over; nothing was done.</summary>
    HandingOver = 3,

    /// <summary>It stops; nothing was done.</summary>
    Stopping = 4,

    /// <summary>The command is too large; nothing was done.</summary>
    TooLarge = 5,

    /// <summary>It refuses for another reason, which the text says; nothing was done.</summary>
    Refused = 6,
}

/// <summary>A leader's answer: a verdict and, where it is done, a place in the log.</summary>
/// <param name="Verdict">What became of it.</param>
/// <param name="Index">The index; 0 where it is not done.</param>
/// <param name="Term">The term; 0 where it is not done, or there is no entry.</param>
/// <param name="Why">Why it is not done, for a human.</param>
internal readonly record struct LeaderAnswer(LeaderVerdict Verdict, ulong Index, ulong Term, string? Why)
{
    /// <summary>Something is done.</summary>
    public static LeaderAnswer Done(ulong index, ulong term = 0) => new(LeaderVerdict.Done, index, term, Why: null);

    /// <summary>Nothing was done, for a reason that this exception gives.</summary>
    public static LeaderAnswer Of(Exception why) => new(
        why switch
        {
            NotLeaderException => LeaderVerdict.NotLeader,
            EnqueueTimeoutException => LeaderVerdict.Busy,
            LeadershipTransferInProgressException => LeaderVerdict.HandingOver,
            RaftShutdownException => LeaderVerdict.Stopping,
            EntryTooLargeException => LeaderVerdict.TooLarge,
            _ => LeaderVerdict.Refused,
        },
        Index: 0, Term: 0, why.Message);

    /// <summary>Whether the same may be asked again, of this leader or another.</summary>
    public bool MayRetry =>
        Verdict is LeaderVerdict.NotLeader or LeaderVerdict.Busy or LeaderVerdict.HandingOver or LeaderVerdict.Stopping;

    /// <summary>The exception for the caller here, who is told that nothing was done.</summary>
    public RaftException ToException(ServerId leader)
    {
        string text = $"{leader} did not take it: {Why}";
        return Verdict switch
        {
            LeaderVerdict.Busy => new EnqueueTimeoutException(text),
            LeaderVerdict.HandingOver => new LeadershipTransferInProgressException(text),
            LeaderVerdict.TooLarge => new EntryTooLargeException(text),
            _ => new NotLeaderException(text),
        };
    }
}
