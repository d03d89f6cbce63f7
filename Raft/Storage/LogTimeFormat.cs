namespace Raft;

/// <summary>How the time of an entry is written. Every server of this library, and of hashicorp/raft 1.7, reads both.</summary>
public enum LogTimeFormat
{
    /// <summary>Go's binary form of a time, which every version of hashicorp/raft reads.</summary>
    GoBinary,

    /// <summary>
    /// The payload of a msgpack timestamp, as Go writes with <c>MsgpackUseNewTimeFormat</c>: 4 to 12 bytes, without the zone.
    /// </summary>
    Timestamp,
}
