using System.Diagnostics.Metrics;
using Raft.Timing;

namespace Raft.Observability;

/// <summary>
/// All that a node measures of itself, under the names of hashicorp/raft (docs/metrics.md). Made once for each node and
/// handed down; its last step when it stops is to dispose it. Any task may use it.
/// </summary>
internal sealed class RaftMeter : IDisposable
{
    /// <summary>The name of the meters of a node and of its transport.</summary>
    public const string Name = "Raft";

    /// <summary>The tag that names the server.</summary>
    public const string ServerTag = "raft.server";

    /// <summary>The tag that says where the server is reached: what the meters of a node and of its transport have in common.</summary>
    public const string AddressTag = "raft.address";

    private const string Call = "{call}";
    private const string Event = "{event}";

    private readonly Meter? _meter;

    /// <summary>Makes the instruments.</summary>
    /// <param name="meter">What they belong to, disposed with this; null where nothing is measured.</param>
    /// <param name="clock">The node's clock.</param>
    public RaftMeter(Meter? meter, NodeClock clock)
    {
        _meter = meter;
        Clock = clock;
        var make = new Instruments(meter, clock);
        Apply = make.Count("raft.apply", Call, "Calls of ApplyAsync, refused ones included.");
        Barrier = make.Count("raft.barrier", Call, "Calls of BarrierAsync, refused ones included.");
        VerifyLeader = make.Count("raft.verify_leader", Call, "Calls of VerifyLeaderAsync.");
        Restore = make.Count("raft.restore", Call, "Calls of RestoreAsync, refused ones included.");
        Follower = make.Count("raft.state.follower", Event, "Times that this server became a follower.");
        Candidate = make.Count("raft.state.candidate", Event, "Times that it began to campaign.");
        Leader = make.Count("raft.state.leader", Event, "Times that it won an election.");
        HeartbeatTimeout = make.Count(
            "raft.transition.heartbeat_timeout", Event, "Times that it heard no leader for so long that it campaigned.");
        LeaderGone = make.Count(
            "raft.transition.leader_gone", Event, "Times that it gave up its leader, whose connections had ended and whose port refused.");
        LeaseTimeout = make.Count(
            "raft.transition.leader_lease_timeout", Event, "Times that it gave up leading, as it heard no majority.");
        ElectSelf = make.Time("raft.candidate.electSelf", "One request for a vote, until it was answered or failed.");
        PreElectSelf = make.Time(
            "raft.candidate.preElectSelf", "One question whether a vote would be given, until it was answered or failed.");
        Leading = new LeaderMeter(make);
        Fsm = new FsmMeter(make);
        Rpc = new RpcMeter(make);
        Replication = new ReplicationMeter(make);
        Storage = new StorageMeter(make);
        MainThread = new ThreadMeter(make.Sample(
            "raft.thread.main.saturation", "1", "The share of the time in which the main loop works."), clock);
        FsmThread = new ThreadMeter(make.Sample(
            "raft.thread.fsm.saturation", "1", "The share of the time in which the state machine's task works."), clock);
    }

    /// <summary>The node's clock.</summary>
    public NodeClock Clock { get; }

    public Counter<long>? Apply { get; }

    public Counter<long>? Barrier { get; }

    public Counter<long>? VerifyLeader { get; }

    public Counter<long>? Restore { get; }

    public Counter<long>? Follower { get; }

    public Counter<long>? Candidate { get; }

    public Counter<long>? Leader { get; }

    public Counter<long>? HeartbeatTimeout { get; }

    public Counter<long>? LeaderGone { get; }

    public Counter<long>? LeaseTimeout { get; }

    public TimeMeter ElectSelf { get; }

    public TimeMeter PreElectSelf { get; }

    /// <summary>What a leader measures.</summary>
    public LeaderMeter Leading { get; }

    /// <summary>The state machine.</summary>
    public FsmMeter Fsm { get; }

    /// <summary>Requests of other servers.</summary>
    public RpcMeter Rpc { get; }

    /// <summary>What a leader sends to its followers.</summary>
    public ReplicationMeter Replication { get; }

    /// <summary>Snapshots, and what they let the log let go of.</summary>
    public StorageMeter Storage { get; }

    /// <summary>How busy the main loop is.</summary>
    public ThreadMeter MainThread { get; }

    /// <summary>How busy the state machine's task is.</summary>
    public ThreadMeter FsmThread { get; }

    /// <summary>For a node that measures.</summary>
    /// <param name="factory">Makes the meter; null for a plain one.</param>
    /// <param name="id">The server, which tells it apart from others of the same process.</param>
    /// <param name="address">Where it is reached.</param>
    /// <param name="clock">Its clock.</param>
    public static RaftMeter Create(IMeterFactory? factory, ServerId id, ServerAddress address, NodeClock clock)
    {
        MeterOptions options = OptionsWith(
            new(ServerTag, id.ToString()), new(AddressTag, address.ToString()));
        return new RaftMeter(factory?.Create(options) ?? new Meter(options), clock);
    }

    /// <summary>The options of a meter of ours.</summary>
    public static MeterOptions OptionsWith(params KeyValuePair<string, object?>[] tags) => new(Name) { Tags = tags };

    /// <summary>Nothing is measured any more. A factory may keep the meter all the same.</summary>
    public void Dispose() => _meter?.Dispose();
}
