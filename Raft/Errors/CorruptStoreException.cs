namespace Raft;

/// <summary>What a store holds is damaged in a way that no crash explains. Nothing was changed; the message names the file and the offset.</summary>
public sealed class CorruptStoreException : StoreException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public CorruptStoreException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public CorruptStoreException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
