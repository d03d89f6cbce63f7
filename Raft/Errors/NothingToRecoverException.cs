namespace Raft;

/// <summary>There is nothing to recover: this server never took part in a cluster, or lost its disk since.</summary>
public sealed class NothingToRecoverException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public NothingToRecoverException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public NothingToRecoverException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
