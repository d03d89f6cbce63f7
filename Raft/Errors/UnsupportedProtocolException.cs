namespace Raft;

/// <summary>The operation or message needs another protocol version.</summary>
public sealed class UnsupportedProtocolException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public UnsupportedProtocolException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public UnsupportedProtocolException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
