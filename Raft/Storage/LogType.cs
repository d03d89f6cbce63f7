namespace Raft;

/// <summary>What a log entry is for. The numbers stand on the wire and on disk.</summary>
public enum LogType : byte
{
    /// <summary>A command for the state machine.</summary>
    Command = 0,

    /// <summary>Written by a new leader, so that what earlier terms left can commit (§5.4.2, §8).</summary>
    Noop = 1,

    /// <summary>Found only in logs of clusters older than protocol version 2.</summary>
    AddPeerDeprecated = 2,

    /// <summary>Found only in logs of clusters older than protocol version 2.</summary>
    RemovePeerDeprecated = 3,

    /// <summary>Answered when everything before it has been applied.</summary>
    Barrier = 4,

    /// <summary>A cluster configuration.</summary>
    Configuration = 5,
}
