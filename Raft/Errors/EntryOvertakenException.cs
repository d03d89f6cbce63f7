namespace Raft;

/// <summary>
/// The command was appended by a leader, and a later one put another entry in its place. It is surely not done, and never will
/// be: it can be sent again.
/// </summary>
public sealed class EntryOvertakenException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="index">Where the entry was appended.</param>
    /// <param name="term">The term it was appended in.</param>
    public EntryOvertakenException(string message, ulong index, ulong term)
        : base(message)
    {
        Index = index;
        Term = term;
    }

    /// <summary>Where the entry was appended.</summary>
    public ulong Index { get; }

    /// <summary>The term it was appended in.</summary>
    public ulong Term { get; }
}
