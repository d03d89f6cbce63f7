namespace Raft;

/// <summary>The log store does not hold the entry.</summary>
public sealed class LogNotFoundException : StoreException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public LogNotFoundException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public LogNotFoundException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
