using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Raft;

/// <summary>The settings of a node. Names and defaults are those of hashicorp/raft where it has them.</summary>
public sealed record RaftConfig
{
    /// <summary>The lowest protocol version that is spoken.</summary>
    public const int ProtocolVersionMin = 2;

    /// <summary>The highest.</summary>
    public const int ProtocolVersionMax = 3;

    private static readonly TimeSpan LeastTimeout = TimeSpan.FromMilliseconds(5);

    // Twice that is the longest wait, and well within what a timer takes.
    private static readonly TimeSpan MostTime = TimeSpan.FromDays(10);

    /// <summary>This server's name, which must never change while its data lives. Required.</summary>
    public ServerId LocalId { get; init; }

    /// <summary>
    /// The version of the protocol that is spoken: 3, or 2 for a cluster with Go servers that speak it (a server's id is its
    /// address then). A server of either version understands the other. Default 3.
    /// </summary>
    public int ProtocolVersion { get; init; } = 3;

    /// <summary>
    /// How this server, when it leads, writes into an entry when it was appended. What others wrote stays as it is. Default
    /// <see cref="LogTimeFormat.GoBinary"/>, which all versions of hashicorp/raft read.
    /// </summary>
    public LogTimeFormat LogTimeFormat { get; init; }

    /// <summary>How long a follower waits for its leader, up to twice that, before it campaigns. Default 1 s, least 5 ms.</summary>
    public TimeSpan HeartbeatTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a candidate waits, up to twice that, before it tries again. Default 1 s, least the heartbeat timeout.</summary>
    public TimeSpan ElectionTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>After how long without entries, up to twice that, a follower is told the commit index. Default 50 ms, least 1 ms.</summary>
    public TimeSpan CommitTimeout { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a leader goes on without hearing from a majority. Default 500 ms; 5 ms to the heartbeat timeout.</summary>
    public TimeSpan LeaderLeaseTimeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How long a read, or a command that is sent to the leader, waits for a leader that answers; a command that was sent to one that
    /// says nothing about a heartbeat timeout longer than until another leads. Default 5 s, least 5 ms.
    /// </summary>
    public TimeSpan LeaderWaitTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether a server that does not lead refuses commands, and says who leads, rather than send them there. Default false. Also
    /// where they are sent, Go leaders take none from others.
    /// </summary>
    public bool DisableProposalForwarding { get; init; }

    /// <summary>
    /// How much faster than another's a server's monotonic clock may run at most, as a share: 0.1 for ten percent. What leases
    /// (<see cref="ReadConsistency.Lease"/>) trust. Default 0.1; 0 to 10.
    /// </summary>
    public double ClockDriftMax { get; init; } = 0.1;

    /// <summary>
    /// Who should rather lead: higher first; whoever is not named has 0. A leader hands over to a voter of higher priority once that has
    /// answered without a gap for some election timeouts and holds what is committed; elections are as ever. Give all servers the
    /// same. Default none.
    /// </summary>
    public ImmutableDictionary<ServerId, int> LeaderPriorities { get; init; } = ImmutableDictionary<ServerId, int>.Empty;

    /// <summary>What a leader does about its members by itself; null for nothing. Default null.</summary>
    public AutopilotConfig? Autopilot { get; init; }

    /// <summary>How old a disk write may get before the node counts as stalled and gives up leading; null for the election timeout.</summary>
    public TimeSpan? DiskStallTimeout { get; init; }

    /// <summary>Entries in one AppendEntries to a Go server, and in one call of a batching state machine. Default 64; 1 to 1024.</summary>
    public int MaxAppendEntries { get; init; } = 64;

    /// <summary>
    /// How many entries are applied since the last snapshot before the next is taken, up to a quarter more. Default 8192,
    /// least 1.
    /// </summary>
    public ulong SnapshotThreshold { get; init; } = 8192;

    /// <summary>
    /// How often, up to twice that, it is looked at whether a snapshot is due, beside when entries are applied. Default
    /// 120 s, least 5 ms.
    /// </summary>
    public TimeSpan SnapshotInterval { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>
    /// Whether a leader that is removed stops its node once that is committed and it has handed its leadership over; otherwise
    /// it goes on running as a server that is no member, as does any other server that is removed. What it has committed and not
    /// yet applied then ends as at any stop: with an unknown outcome. Default true.
    /// </summary>
    public bool ShutdownOnRemove { get; init; } = true;

    /// <summary>How many entries stay in the log behind a snapshot, for followers that are a little behind. Default 10,240.</summary>
    public ulong TrailingLogs { get; init; } = 10_240;

    /// <summary>
    /// Whether a server that is started leaves its state machine as it is, rather than restore the newest snapshot, if that is one
    /// that it took itself: for a state machine that keeps its state on disk. It must then have at least what it gave to its
    /// own snapshots, and is given every entry behind, those that it has applied already too. A snapshot that came from a
    /// leader, or from a recovery, is restored at every start until there is an own one. Means nothing to an
    /// <see cref="IDurableFsm"/>, which says itself what it has. Default false.
    /// </summary>
    public bool NoSnapshotRestoreOnStart { get; init; }

    /// <summary>
    /// Whether candidates campaign without asking first whether they could win (thesis 9.6). Default false. A server that
    /// its own log takes the vote from always asks.
    /// </summary>
    public bool PreVoteDisabled { get; init; }

    /// <summary>
    /// Whether a follower gives up its leader as soon as all connections from it have ended and its port refuses a new one, and then
    /// campaigns within some 20 ms for each voter, rather than wait for its election timer; it always asks first whether it could
    /// win. What is promised for leases (<see cref="ReadConsistency.Lease"/>) is kept. Default true.
    /// </summary>
    public bool FailoverOnDisconnect { get; init; } = true;

    /// <summary>
    /// Hears when this node gains leadership (true) and loses it (false), in turn; null for nobody. The node never waits for
    /// room in it: what is left out while there is none is always a gain and its loss together, and never the newest. See also
    /// <see cref="RaftNode.LeadershipChanges"/>.
    /// </summary>
    public ChannelWriter<bool>? LeadershipNotifications { get; init; }

    /// <summary>How much the node takes on before it holds back.</summary>
    public RaftLimits Limits { get; init; } = new();

    /// <summary>The clock. Default the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = CompositionRoot.SystemTime;

    /// <summary>Where log lines go. Default nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>
    /// Makes the node's meter, called "Raft", whose instruments <c>docs/metrics.md</c> lists; null makes a plain one. Listeners
    /// are called in place, on the node's tasks: they must neither block nor throw. The node disposes the meter when it has
    /// stopped, which means nothing to a factory that keeps its meters.
    /// </summary>
    public IMeterFactory? MeterFactory { get; init; }

    /// <summary>Seeds the jitter of timeouts; null draws a seed. Nodes of one cluster should not share one.</summary>
    public int? Seed { get; init; }

    /// <summary>
    /// Answers what other servers' applications ask through <see cref="RaftNode.AskAsync"/>. Runs on the thread pool,
    /// several at once; an exception is answered as an error. Null answers that nothing is known.
    /// </summary>
    public Func<AskRequest, ReadOnlyMemory<byte>>? AskHandler { get; init; }

    internal TimeSpan DiskStall => DiskStallTimeout ?? ElectionTimeout;

    /// <summary>Refuses settings with which no node can run.</summary>
    /// <exception cref="ArgumentException">A setting is missing or out of its range; the message says which.</exception>
    public void Validate()
    {
        Refuse(
            !IsSpoken(ProtocolVersion),
            $"{nameof(ProtocolVersion)} is {ProtocolVersion}; versions {ProtocolVersionMin} to {ProtocolVersionMax} are spoken");
        Refuse(
            !Enum.IsDefined(LogTimeFormat),
            $"{nameof(LogTimeFormat)} is {LogTimeFormat}; give {nameof(LogTimeFormat.GoBinary)} or {nameof(LogTimeFormat.Timestamp)}");
        Refuse(LeaderPriorities is null, $"{nameof(LeaderPriorities)} is null; leave it out for none");
        Refuse(LocalId.IsEmpty, $"{nameof(LocalId)} is not set; give each server a name of its own");
        Refuse(LocalId.IsTooLong, $"{nameof(LocalId)} has more than {ServerId.BytesMax} bytes");
        AtLeast(HeartbeatTimeout, LeastTimeout, nameof(HeartbeatTimeout));
        AtLeast(ElectionTimeout, LeastTimeout, nameof(ElectionTimeout));
        AtLeast(LeaderWaitTimeout, LeastTimeout, nameof(LeaderWaitTimeout));
        Refuse(ClockDriftMax is not (>= 0 and <= 10), $"{nameof(ClockDriftMax)} is {ClockDriftMax}; give 0 to 10");
        AtLeast(CommitTimeout, TimeSpan.FromMilliseconds(1), nameof(CommitTimeout));
        Refuse(MaxAppendEntries is < 1 or > 1024, $"{nameof(MaxAppendEntries)} is {MaxAppendEntries}; give 1 to 1024");
        AtLeast(LeaderLeaseTimeout, LeastTimeout, nameof(LeaderLeaseTimeout));
        Refuse(
            LeaderLeaseTimeout > HeartbeatTimeout,
            $"{nameof(LeaderLeaseTimeout)} ({LeaderLeaseTimeout}) is above {nameof(HeartbeatTimeout)} ({HeartbeatTimeout})");
        AtLeast(ElectionTimeout, HeartbeatTimeout, nameof(ElectionTimeout));
        if (DiskStallTimeout is { } stall)
        {
            AtLeast(stall, LeastTimeout, nameof(DiskStallTimeout));
        }

        if (Autopilot is { } autopilot)
        {
            Refuse(autopilot.ReadReplicas is null, $"{nameof(AutopilotConfig.ReadReplicas)} is null; leave it out for none");
            AtLeast(autopilot.SteadyFor, TimeSpan.Zero, nameof(AutopilotConfig.SteadyFor));
            AtLeast(autopilot.RemoveDeadAfter ?? MostTime, HeartbeatTimeout * 2, nameof(AutopilotConfig.RemoveDeadAfter));
            Refuse(autopilot.VotersMin < 1, $"{nameof(AutopilotConfig.VotersMin)} is {autopilot.VotersMin}; give at least 1");
            Refuse(
                ProtocolVersion < 3, $"{nameof(Autopilot)} needs protocol version 3; version 2 has no servers without a vote");
        }

        AtLeast(SnapshotInterval, LeastTimeout, nameof(SnapshotInterval));
        Refuse(SnapshotThreshold < 1, $"{nameof(SnapshotThreshold)} is 0; give at least 1");
        Limits.Validate();
    }

    /// <summary>Whether servers of a protocol version are understood.</summary>
    internal static bool IsSpoken(int protocolVersion) =>
        protocolVersion is >= ProtocolVersionMin and <= ProtocolVersionMax;

    private static void AtLeast(TimeSpan value, TimeSpan least, string name) =>
        Refuse(value < least || value > MostTime, $"{name} is {value}; give {least} to {MostTime}");

    private static void Refuse(bool wrong, string why)
    {
        if (wrong)
        {
            throw new ArgumentException($"The settings cannot be used: {why}.");
        }
    }
}
