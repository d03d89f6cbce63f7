namespace Raft;

/// <summary>The apply queue had no place in time. Nothing was appended: the call can be repeated.</summary>
public sealed class EnqueueTimeoutException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public EnqueueTimeoutException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public EnqueueTimeoutException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
