using System.Diagnostics.Metrics;

namespace Raft.Observability;

/// <summary>What a server measures while it leads.</summary>
/// <param name="make">Makes the instruments.</param>
internal sealed class LeaderMeter(Instruments make)
{
    private const string Entry = "{entry}";

    /// <summary>How often <see cref="OldestLogAge"/> is looked up.</summary>
    public static readonly TimeSpan AgeInterval = TimeSpan.FromSeconds(10);

    public Gauge<double>? Peers { get; } = make.Gauge(
        "raft.peers", "{server}", "Servers in the newest configuration, the leader itself included.");

    public TimeMeter DispatchLog { get; } = make.Time(
        "raft.leader.dispatchLog", "One batch of entries, from when it was appended until it is durable on the leader.");

    public Gauge<double>? DispatchNumLogs { get; } = make.Gauge(
        "raft.leader.dispatchNumLogs", Entry, "Entries in the batch that was appended last.");

    public TimeMeter LastContact { get; } = make.Time(
        "raft.leader.lastContact", "How long ago a voter answered last; one value for each voter, once in a leader lease.");

    public Gauge<double>? OldestLogAge { get; } = make.Gauge(
        "raft.leader.oldestLogAge", Instruments.Milliseconds, "How old the oldest entry in the log is; 0 where that is not known.");

    public TimeMeter CommitTime { get; } = make.Time(
        "raft.commitTime", "One entry of this leader, from when it was appended until it is committed.");

    public Gauge<double>? CommitNumLogs { get; } = make.Gauge(
        "raft.commitNumLogs", Entry, "Entries of this leader that were committed together last.");

    public TimeMeter RestoreUserSnapshot { get; } = make.Time(
        "raft.restoreUserSnapshot", "One restore of a user's snapshot, from the call until it is in force here or has failed.");
}
