namespace Raft;

/// <summary>What becomes of messages from one server to another on an <see cref="InMemoryNetwork"/>.</summary>
public enum InMemoryLink
{
    /// <summary>They arrive at once.</summary>
    Connected,

    /// <summary>They are refused at once, as by a machine that is up while the process is not.</summary>
    Disconnected,

    /// <summary>They vanish, as on a broken line: nobody learns of it before the timeout.</summary>
    BlackHole,
}
