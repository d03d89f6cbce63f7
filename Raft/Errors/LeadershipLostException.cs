namespace Raft;

/// <summary>
/// Leadership ended, or the wait did, after the entry was appended and before it was known to be committed.
/// The outcome is unknown: the entry may have been committed, and may still be.
/// </summary>
public sealed class LeadershipLostException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="index">The entry's index, or 0 where there is no entry.</param>
    /// <param name="term">The entry's term.</param>
    public LeadershipLostException(string message, ulong index, ulong term)
        : base(message)
    {
        Index = index;
        Term = term;
    }

    /// <summary>The entry's index, or 0 where the request had no entry.</summary>
    public ulong Index { get; }

    /// <summary>The entry's term.</summary>
    public ulong Term { get; }
}
