namespace Raft;

/// <summary>The command is larger than an entry may be. Nothing was appended.</summary>
public sealed class EntryTooLargeException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public EntryTooLargeException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public EntryTooLargeException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
