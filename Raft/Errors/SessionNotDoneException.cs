namespace Raft;

/// <summary>A request of a session was not applied, and never will be, though it was sent until its time was over.</summary>
public sealed class SessionNotDoneException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public SessionNotDoneException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">How the last attempt ended.</param>
    public SessionNotDoneException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
