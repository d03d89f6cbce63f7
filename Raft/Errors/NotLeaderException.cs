namespace Raft;

/// <summary>The node does not lead. Nothing was appended: another node can be asked.</summary>
public sealed class NotLeaderException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public NotLeaderException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public NotLeaderException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
