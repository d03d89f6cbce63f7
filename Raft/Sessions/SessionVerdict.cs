namespace Raft;

/// <summary>What a <see cref="SessionTable"/> says to a request.</summary>
public enum SessionVerdict
{
    /// <summary>It cannot be read, names no client, or its session cannot be: it is applied nowhere.</summary>
    Refused,

    /// <summary>It was never applied, and is to be applied now.</summary>
    New,

    /// <summary>It is the session's last request once more: it was applied, and its result is still known.</summary>
    Repeated,

    /// <summary>
    /// A later request of its session was applied: it is too late for this one. It was applied in its time, and the answer is
    /// gone, or it was not, and never will be.
    /// </summary>
    Superseded,

    /// <summary>
    /// Its session is not known, and may have been once: the request may have been applied already, and never will be now.
    /// Its client opens a new session.
    /// </summary>
    Unknown,
}
