namespace Raft;

/// <summary>How a node stood at one instant.</summary>
public sealed record RaftStatus
{
    /// <summary>This server.</summary>
    public required ServerId Id { get; init; }

    /// <summary>Its role.</summary>
    public required RaftState State { get; init; }

    /// <summary>The version of the protocol that it speaks.</summary>
    public required int ProtocolVersion { get; init; }

    /// <summary>Its term.</summary>
    public required ulong Term { get; init; }

    /// <summary>The leader it knows, if any.</summary>
    public required ServerId LeaderId { get; init; }

    /// <summary>The leader's raft address, if one is known.</summary>
    public required ServerAddress LeaderAddress { get; init; }

    /// <summary>The index of its last entry.</summary>
    public required ulong LastLogIndex { get; init; }

    /// <summary>The term of its last entry.</summary>
    public required ulong LastLogTerm { get; init; }

    /// <summary>
    /// Whether it lost its disk, and its log does not reach the entry yet that removed it: it does not campaign, and its
    /// configuration is an old one.
    /// </summary>
    public required bool LacksLostLog { get; init; }

    /// <summary>What it knows to be committed.</summary>
    public required ulong CommitIndex { get; init; }

    /// <summary>What the leader it knows has told to be committed, as far as heard; 0 before. It may be ahead of the own log.</summary>
    public required ulong LeaderCommitIndex { get; init; }

    /// <summary>What its state machine has taken.</summary>
    public required ulong AppliedIndex { get; init; }

    /// <summary>Committed entries on their way to the state machine.</summary>
    public required ulong FsmPending { get; init; }

    /// <summary>The index of the last entry that its newest snapshot covers; 0 where there is none.</summary>
    public required ulong LastSnapshotIndex { get; init; }

    /// <summary>The term of that entry; 0 where there is none.</summary>
    public required ulong LastSnapshotTerm { get; init; }

    /// <summary>Time since a leader was last heard; null on the leader and where there was never one.</summary>
    public required TimeSpan? LastContact { get; init; }

    /// <summary>The configuration in force, committed or not.</summary>
    public required ClusterConfiguration Configuration { get; init; }

    /// <summary>The index of the entry that holds it.</summary>
    public required ulong ConfigurationIndex { get; init; }

    /// <summary>The other servers as the leader sees them, in the configuration's order; empty elsewhere.</summary>
    public required IReadOnlyList<FollowerStatus> Followers { get; init; }

    /// <summary>
    /// How many more voters may fail before no majority is left, of those that have answered within the heartbeat timeout; negative
    /// where there is none now. One whose disk hangs, or whose log is far behind, answers heartbeats all the same: see
    /// <see cref="FollowerStatus.MatchIndex"/>. Null on a server that does not lead.
    /// </summary>
    public required int? FailureTolerance { get; init; }

    /// <summary>
    /// The same as text, under the names and in the forms of hashicorp/raft's <c>Stats</c>: numbers in decimal,
    /// <c>last_contact</c> as a Go duration such as <c>1.5s</c>, <c>0</c> on the leader and <c>never</c> where there was none,
    /// <c>num_peers</c> the other voters, or 0 where this server has no vote itself.
    /// </summary>
    /// <returns>The values by their names.</returns>
    public IReadOnlyDictionary<string, string> ToStats() => StatsText.Of(this);
}
