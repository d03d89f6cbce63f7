namespace Raft;

/// <summary>An RPC got no answer; whether the other server received it is not known.</summary>
public sealed class TransportException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="failure">Why there was no answer.</param>
    /// <param name="message">What happened, with the address.</param>
    /// <param name="innerException">What caused it.</param>
    public TransportException(TransportFailure failure, string message, Exception? innerException = null)
        : base(message, innerException!) => Failure = failure;

    /// <summary>Why there was no answer.</summary>
    public TransportFailure Failure { get; }
}
