namespace Raft;

/// <summary>The node was stopped before it took the request. Nothing was appended.</summary>
public sealed class RaftShutdownException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public RaftShutdownException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public RaftShutdownException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
