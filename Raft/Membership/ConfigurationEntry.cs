namespace Raft.Membership;

/// <summary>Which entries hold a configuration, and how it is read from them.</summary>
internal static class ConfigurationEntry
{
    /// <summary>Whether entries of a type hold a configuration. Those of clusters older than protocol version 2 do, too.</summary>
    public static bool Holds(LogType type) =>
        type is LogType.Configuration or LogType.AddPeerDeprecated or LogType.RemovePeerDeprecated;

    /// <summary>Decodes an entry that holds a configuration.</summary>
    /// <param name="type">The entry's type.</param>
    /// <param name="encoded">Its data: a configuration, or in the older types a list of all peers, who vote.</param>
    /// <exception cref="FormatException">The bytes are none.</exception>
    public static ClusterConfiguration Decode(LogType type, ReadOnlySpan<byte> encoded) =>
        type == LogType.Configuration ? ConfigurationEncoding.Decode(encoded) : LegacyPeers.Decode(encoded);
}
