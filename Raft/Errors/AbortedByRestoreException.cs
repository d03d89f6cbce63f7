namespace Raft;

/// <summary>The state was replaced by a user's snapshot before the entry was applied. The outcome is unknown.</summary>
public sealed class AbortedByRestoreException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public AbortedByRestoreException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public AbortedByRestoreException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
