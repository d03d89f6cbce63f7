namespace Raft;

/// <summary>
/// The settings that a running node takes over (<see cref="RaftNode.ReloadConfigAsync"/>). All of them are replaced: change
/// what <see cref="RaftNode.ReloadableConfig"/> returns.
/// </summary>
public sealed record ReloadableConfig
{
    /// <inheritdoc cref="RaftConfig.TrailingLogs"/>
    public required ulong TrailingLogs { get; init; }

    /// <inheritdoc cref="RaftConfig.SnapshotInterval"/>
    public required TimeSpan SnapshotInterval { get; init; }

    /// <inheritdoc cref="RaftConfig.SnapshotThreshold"/>
    public required ulong SnapshotThreshold { get; init; }

    /// <inheritdoc cref="RaftConfig.HeartbeatTimeout"/>
    public required TimeSpan HeartbeatTimeout { get; init; }

    /// <inheritdoc cref="RaftConfig.ElectionTimeout"/>
    public required TimeSpan ElectionTimeout { get; init; }

    /// <summary>The part of a node's settings that can be reloaded.</summary>
    /// <param name="config">The settings.</param>
    public static ReloadableConfig Of(RaftConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new ReloadableConfig
        {
            TrailingLogs = config.TrailingLogs,
            SnapshotInterval = config.SnapshotInterval,
            SnapshotThreshold = config.SnapshotThreshold,
            HeartbeatTimeout = config.HeartbeatTimeout,
            ElectionTimeout = config.ElectionTimeout,
        };
    }

    /// <summary>Settings with this part in place of theirs.</summary>
    internal RaftConfig ApplyTo(RaftConfig config) => config with
    {
        TrailingLogs = TrailingLogs,
        SnapshotInterval = SnapshotInterval,
        SnapshotThreshold = SnapshotThreshold,
        HeartbeatTimeout = HeartbeatTimeout,
        ElectionTimeout = ElectionTimeout,
    };
}
