namespace Raft;

/// <summary>Bootstrap is only for a cluster that never ran: this server has a term, a log or a snapshot, or follows a leader.</summary>
public sealed class CannotBootstrapException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public CannotBootstrapException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public CannotBootstrapException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
