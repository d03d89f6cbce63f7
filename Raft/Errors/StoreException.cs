namespace Raft;

/// <summary>A store cannot be used.</summary>
public class StoreException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public StoreException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public StoreException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
