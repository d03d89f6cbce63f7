namespace Raft;

/// <summary>
/// A request of a session may have been applied, once, and may still be: no answer came in its time, or its session is no
/// longer known.
/// </summary>
public sealed class SessionOutcomeUnknownException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public SessionOutcomeUnknownException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">How the last attempt ended.</param>
    public SessionOutcomeUnknownException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
