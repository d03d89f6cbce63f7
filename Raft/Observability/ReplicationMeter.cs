using System.Diagnostics.Metrics;

namespace Raft.Observability;

/// <summary>What a leader measures of what it sends to its followers.</summary>
/// <param name="make">Makes the instruments.</param>
internal sealed class ReplicationMeter(Instruments make)
{
    public TimeMeter AppendRpc { get; } = make.Time(
        "raft.replication.appendEntries.rpc", "One AppendEntries to a follower, from when it was sent until its answer came.");

    public Counter<long>? AppendLogs { get; } = make.Count(
        "raft.replication.appendEntries.logs", "{entry}", "Entries sent to a follower, repeated ones included.");

    public Counter<long>? AppendBytes { get; } = make.Count(
        "raft.replication.appendEntries.bytes", "By", "Bytes of the entries sent to a follower, repeated ones included.");

    public Counter<long>? Failures { get; } = make.Count(
        "raft.replication.failures", "{failure}", "Heartbeats to a follower, and connections to it, that failed.");

    public TimeMeter Heartbeat { get; } = make.Time(
        "raft.replication.heartbeat", "One heartbeat to a follower, from when it was sent until its answer came.");

    public TimeMeter InstallSnapshot { get; } = make.Time(
        "raft.replication.installSnapshot", "One snapshot to a follower, from when it was opened until its answer came.");

    /// <summary>The same, of one follower.</summary>
    public PeerMeter Of(ServerId peer) => new(this, peer);
}
