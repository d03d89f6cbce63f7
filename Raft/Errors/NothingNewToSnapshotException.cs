namespace Raft;

/// <summary>The newest snapshot covers everything that was applied already.</summary>
public sealed class NothingNewToSnapshotException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public NothingNewToSnapshotException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public NothingNewToSnapshotException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
