namespace Raft;

/// <summary>A data directory is in use by another process or node.</summary>
public sealed class StoreLockedException : StoreException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public StoreLockedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public StoreLockedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
