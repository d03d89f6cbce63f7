namespace Raft;

/// <summary>The node had to stop: its disk refused a write, its state machine threw, or what it saw cannot be.</summary>
public sealed class RaftFatalException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public RaftFatalException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public RaftFatalException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
