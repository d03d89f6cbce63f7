namespace Raft;

/// <summary>Why an RPC got no answer.</summary>
public enum TransportFailure
{
    /// <summary>No connection: refused, no route, no such name.</summary>
    Unreachable,

    /// <summary>The other side ended the connection without an answer, as Go does on an RPC it does not know.</summary>
    Closed,

    /// <summary>The connection broke.</summary>
    Broken,

    /// <summary>No answer in time.</summary>
    TimedOut,

    /// <summary>The answer could not be understood, or was over a limit.</summary>
    Malformed,

    /// <summary>This transport was closed, or the call cancelled.</summary>
    Shutdown,
}
