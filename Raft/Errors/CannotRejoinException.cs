namespace Raft;

/// <summary>Rejoining is only for a server that has no log: this one has one, or follows a leader.</summary>
public sealed class CannotRejoinException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public CannotRejoinException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public CannotRejoinException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The removal is older than one that the server was told of.</summary>
    internal static CannotRejoinException Older() => new(
        "This server was told of a later removal than this one. One removal serves one lost disk: remove the server from its "
        + "cluster once more, and let it rejoin with the entry of that removal.");
}
