namespace Raft;

/// <summary>The server is no voter of the configuration it was to be bootstrapped with.</summary>
public sealed class NotVoterException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public NotVoterException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public NotVoterException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
