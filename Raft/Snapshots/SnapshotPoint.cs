namespace Raft;

/// <summary>Where in the log a snapshot stands: what it covers, and the configuration in force there.</summary>
/// <param name="Index">The index of the last entry that it covers.</param>
/// <param name="Term">The term of that entry.</param>
/// <param name="Configuration">The newest configuration at or below that index.</param>
/// <param name="ConfigurationIndex">The index of the entry that holds the configuration.</param>
public sealed record SnapshotPoint(
    ulong Index, ulong Term, ClusterConfiguration Configuration, ulong ConfigurationIndex);
