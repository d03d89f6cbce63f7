using System.Diagnostics.Metrics;
using Raft.Observability;
using Raft.Timing;

namespace Raft.Transport.Tcp;

/// <summary>
/// What the accepting side of a transport measures, under the names of hashicorp/raft (docs/metrics.md). Owned by the
/// <see cref="TcpTransport"/>. Any task may use it.
/// </summary>
/// <remarks>
/// Its meter is one of its own beside the node's: a transport listens before there is a node, is replaced by other
/// transports and wrapped by users, and knows no server's name. So it takes nothing from the node; the address, which
/// both meters bear as a tag, brings them together.
/// </remarks>
internal sealed class TransportMeter : IDisposable
{
    /// <summary>The tag that says which kind of request it was, as hashicorp/raft calls it.</summary>
    public const string RpcTypeTag = "rpcType";

    private static readonly KeyValuePair<string, object?> Heartbeat = new(RpcTypeTag, "Heartbeat");
    private static readonly KeyValuePair<string, object?> AppendEntries = new(RpcTypeTag, "AppendEntries");
    private static readonly KeyValuePair<string, object?> RequestVote = new(RpcTypeTag, "RequestVote");
    private static readonly KeyValuePair<string, object?> RequestPreVote = new(RpcTypeTag, "RequestPreVote");
    private static readonly KeyValuePair<string, object?> InstallSnapshot = new(RpcTypeTag, "InstallSnapshot");
    private static readonly KeyValuePair<string, object?> TimeoutNow = new(RpcTypeTag, "TimeoutNow");
    private static readonly KeyValuePair<string, object?> Ask = new(RpcTypeTag, "Ask");

    private readonly Meter? _meter;

    /// <summary>Makes the instruments.</summary>
    /// <param name="meter">What they belong to, disposed with this; null where nothing is measured.</param>
    /// <param name="clock">The transport's clock.</param>
    public TransportMeter(Meter? meter, NodeClock clock)
    {
        _meter = meter;
        var make = new Instruments(meter, clock);
        RpcTypeWait = make.Time(
            "raft.net.getRPCType", "How long a connection waited for the first byte of a request, lying idle included.");
        Decode = make.Time("raft.net.rpcDecode", "One request, from when its first bytes were there until it was whole.");
        Enqueue = make.Time("raft.net.rpcEnqueue", "Handing one request to the node.");
        Respond = make.Time("raft.net.rpcRespond", "One request, from when it was handed to the node until it was answered.");
    }

    public TimeMeter RpcTypeWait { get; }

    public TimeMeter Decode { get; }

    public TimeMeter Enqueue { get; }

    public TimeMeter Respond { get; }

    /// <summary>For a transport.</summary>
    /// <param name="options">Its settings.</param>
    /// <param name="address">Where it is reached.</param>
    public static TransportMeter Create(TcpTransportOptions options, ServerAddress address)
    {
        MeterOptions meter = RaftMeter.OptionsWith(new KeyValuePair<string, object?>(RaftMeter.AddressTag, address.ToString()));
        return new TransportMeter(
            options.MeterFactory?.Create(meter) ?? new Meter(meter), new NodeClock(options.TimeProvider));
    }

    /// <summary>A request is whole.</summary>
    public void Decoded(TimeSpan? began, RpcRequest request) => Decode.End(began, TagOf(request));

    /// <summary>A request was handed on.</summary>
    public void Enqueued(TimeSpan? began, RpcRequest request) => Enqueue.End(began, TagOf(request));

    /// <summary>A request was answered.</summary>
    public void Responded(TimeSpan? handedAt, RpcRequest request) => Respond.End(handedAt, TagOf(request));

    /// <summary>Nothing is measured any more. A factory may keep the meter all the same.</summary>
    public void Dispose() => _meter?.Dispose();

    private static KeyValuePair<string, object?> TagOf(RpcRequest request) => request switch
    {
        AppendEntriesRequest { IsHeartbeat: true } => Heartbeat,
        AppendEntriesRequest => AppendEntries,
        RequestVoteRequest => RequestVote,
        RequestPreVoteRequest => RequestPreVote,
        InstallSnapshotRequest => InstallSnapshot,
        TimeoutNowRequest => TimeoutNow,
        _ => Ask,
    };
}
