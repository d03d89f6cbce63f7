using Raft.Fsm.Sample.CommandLine;

namespace Raft.Fsm.Sample.Node;

/// <summary>What one node is started with. Everything in it has been checked.</summary>
internal sealed record NodeOptions
{
    /// <summary>The node's name.</summary>
    public required string Id { get; init; }

    /// <summary>Where it listens for other nodes.</summary>
    public required HostPort Raft { get; init; }

    /// <summary>The raft address that others are told.</summary>
    public required HostPort Advertise { get; init; }

    /// <summary>Where it listens for clients.</summary>
    public required HostPort Http { get; init; }

    /// <summary>Its data directory.</summary>
    public required string Data { get; init; }

    /// <summary>The founders of its cluster; empty where none are given.</summary>
    public IReadOnlyList<Server> Peers { get; init; } = [];

    /// <summary>The member that is asked to add this node; null where there is none to ask.</summary>
    public Uri? Join { get; init; }

    /// <summary>The store's name.</summary>
    public string Store { get; init; } = StoreNames.Wal;

    /// <summary>How long a follower waits for its leader.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromMilliseconds(1000);

    /// <summary>How long a candidate waits.</summary>
    public TimeSpan Election { get; init; } = TimeSpan.FromMilliseconds(1000);

    /// <summary>How long a leader goes on without a majority.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How soon followers are told of commits without traffic.</summary>
    public TimeSpan Commit { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Entries in one AppendEntries to a Go server.</summary>
    public int MaxAppendEntries { get; init; } = 64;

    /// <summary>Entries between snapshots.</summary>
    public int SnapshotThreshold { get; init; } = 8192;

    /// <summary>How often it is looked at whether a snapshot is due.</summary>
    public TimeSpan SnapshotInterval { get; init; } = TimeSpan.FromMilliseconds(120_000);

    /// <summary>Entries that stay behind a snapshot.</summary>
    public int TrailingLogs { get; init; } = 10_240;

    /// <summary>Whether candidates ask first whether they could win.</summary>
    public bool PreVote { get; init; } = true;

    /// <summary>Whether a leader looks after its members.</summary>
    public bool Autopilot { get; init; }

    /// <summary>Nonvoters that it leaves as they are.</summary>
    public IReadOnlyList<string> ReadReplicas { get; init; } = [];

    /// <summary>After how long without an answer it removes one; null for never.</summary>
    public TimeSpan? RemoveDeadAfter { get; init; }

    /// <summary>How long a write may take before its outcome is reported as unknown.</summary>
    public TimeSpan ApplyTimeout { get; init; } = TimeSpan.FromMilliseconds(5000);

    /// <summary>Its certificate, and whom it trusts; null for connections that are neither private nor proved.</summary>
    public TlsFiles? Tls { get; init; }

    /// <summary>The cluster's name; null for none.</summary>
    public string? ClusterId { get; init; }

    /// <summary>What is logged.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Whether the end of standard input stops the node, so that it ends with the process that started it.</summary>
    public bool StopsWithInput { get; init; }

    /// <summary>The founding configuration.</summary>
    public ClusterConfiguration Founders => new(Peers);

    /// <summary>The library's settings.</summary>
    public RaftConfig RaftConfig(ILoggerFactory logs, Func<AskRequest, ReadOnlyMemory<byte>> askHandler) => new()
    {
        LocalId = Id,
        HeartbeatTimeout = Heartbeat,
        ElectionTimeout = Election,
        LeaderLeaseTimeout = Lease,
        CommitTimeout = Commit,
        MaxAppendEntries = MaxAppendEntries,
        SnapshotThreshold = (ulong)SnapshotThreshold,
        SnapshotInterval = SnapshotInterval,
        TrailingLogs = (ulong)TrailingLogs,
        PreVoteDisabled = !PreVote,
        LoggerFactory = logs,
        AskHandler = askHandler,
        ShutdownOnRemove = false,
        Autopilot = Autopilot ? new AutopilotConfig
        {
            RemoveDeadAfter = RemoveDeadAfter,
            ReadReplicas = [.. ReadReplicas.Select(static id => (ServerId)id)],
        } : null,

        // What a node does not do itself it sends on over HTTP, and answers for as the contract says.
        DisableProposalForwarding = true,
    };
}
