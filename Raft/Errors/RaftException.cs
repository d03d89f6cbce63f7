namespace Raft;

/// <summary>What every error of this library derives from.</summary>
public class RaftException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public RaftException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public RaftException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
