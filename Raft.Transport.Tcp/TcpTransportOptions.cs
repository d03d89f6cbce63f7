using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Raft.Transport.Tcp;

/// <summary>The settings of a <see cref="TcpTransport"/>.</summary>
public sealed class TcpTransportOptions
{
    /// <summary>Where to listen, as <c>ip:port</c>; port 0 takes a free one.</summary>
    public string BindAddress { get; init; } = "127.0.0.1:0";

    /// <summary>
    /// The address under which the other servers reach this one, as <c>host:port</c>. By default the one it listens on;
    /// required where that is a wildcard (<c>0.0.0.0</c> or <c>[::]</c>), which nobody can dial.
    /// </summary>
    public ServerAddress AdvertiseAddress { get; init; }

    /// <summary>
    /// How long one call may take, dialling included; a snapshot takes longer (<see cref="SnapshotTimeoutScale"/>). Also
    /// how long the other side of an accepted connection may take to send its first request, to go on in the middle of
    /// one (fewer than <see cref="SnapshotTimeoutScale"/> bytes are no progress), or to take an answer: none is left when it is over,
    /// and one that has a sixteenth of it left may be closed already.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// For how many bytes of a snapshot its answer may take one <see cref="Timeout"/> more, as in Go: before it answers, a
    /// follower restores its state machine. While the bytes are sent the follower may take one <see cref="Timeout"/> for
    /// each piece of 128 KiB, and the one that receives waits so long for each so many bytes: a leader that sends at a pace
    /// (<see cref="RaftLimits.SnapshotSendBytesPerSecond"/>) must get there twice as fast.
    /// </summary>
    public int SnapshotTimeoutScale { get; init; } = 256 * 1024;

    /// <summary>The most that the answer to a snapshot may take, however large the snapshot is.</summary>
    public TimeSpan SnapshotTimeoutMax { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How many snapshots may be received or installed at once. A connection that announces one more is closed, which its
    /// sender takes as a failure to repeat. A cluster in good order sends a server one at a time.
    /// </summary>
    public int SnapshotsReceivedMax { get; init; } = 4;

    /// <summary>How many connections may be open that others opened. Above it the newest is closed at once.</summary>
    public int ConnectionsMax { get; init; } = 4096;

    /// <summary>
    /// How long an accepted connection may lie idle between two requests once more than half of
    /// <see cref="ConnectionsMax"/> are open. While fewer are, it may for ever: a Go server would not notice that a
    /// connection it keeps was closed, and its next request for a vote would fail.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How many idle connections are kept for each server.</summary>
    public int PoolSize { get; init; } = 3;

    /// <summary>
    /// The most bytes that one received entry, or the data of one question, may have. The same on all servers, and no
    /// less than the largest command.
    /// </summary>
    public int EntryBytesMax { get; init; } = 8 * 1024 * 1024;

    /// <summary>
    /// The most bytes that all connections together hold for requests that are being received or are not answered yet.
    /// Connections that would exceed it wait. No request may be larger: a leader of hashicorp/raft sends up to 64 entries
    /// in one. The bytes of snapshots do not count: they are handed on as they arrive, and held nowhere.
    /// </summary>
    public long DecodingBytesMax { get; init; } = 256L * 1024 * 1024;

    /// <summary>How many requests of one connection may wait for their answers before no more are received from it.</summary>
    public int UnansweredMax { get; init; } = 256;

    /// <summary>
    /// The name of the cluster, 1 to 64 printable ASCII characters without spaces; null for none, and then nothing is checked. A
    /// connection's first request names it, and one that names another is refused before anything of it reaches the node: so a server
    /// that was given the address of another cluster's by mistake does neither of them harm. A request that names none is let in, as
    /// those of Go servers are. It is a name and no secret: it keeps out no attacker.
    /// </summary>
    public string? ClusterId { get; init; }

    /// <summary>The clock of all timeouts.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where log lines go.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>
    /// Makes the transport's meter, called "Raft" like the node's, for the instruments <c>raft.net.*</c> of
    /// <c>docs/metrics.md</c>; null makes a plain one. Best the same as <c>RaftConfig.MeterFactory</c>. Listeners are called in
    /// place: they must neither block nor throw. The transport disposes the meter when it was closed.
    /// </summary>
    public IMeterFactory? MeterFactory { get; init; }

    /// <summary>
    /// How the network is reached; plain sockets by default, by which anybody may read what is replicated and take part under any
    /// server's name. <see cref="TlsStreamLayer"/> puts mutual TLS there.
    /// </summary>
    public IStreamLayer StreamLayer { get; init; } = new SocketStreamLayer();

    /// <summary>Says where servers are reached, in place of the configuration; null for nothing but the configuration.</summary>
    public IServerAddressProvider? AddressProvider { get; init; }

    /// <summary>The most characters of a <see cref="ClusterId"/>.</summary>
    internal const int ClusterIdLengthMax = 64;

    /// <summary>Whether it can be a <see cref="ClusterId"/>.</summary>
    internal static bool IsClusterId(string name) =>
        name.Length is > 0 and <= ClusterIdLengthMax && name.All(static c => c is > ' ' and <= '~');

    internal void Validate()
    {
        if (ClusterId is not null && !IsClusterId(ClusterId))
        {
            throw new ArgumentException(
                $"{nameof(ClusterId)} is '{ClusterId}'; give 1 to {ClusterIdLengthMax} printable ASCII characters without spaces.");
        }

        ArgumentException.ThrowIfNullOrEmpty(BindAddress);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Timeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Timeout, TimeSpan.FromDays(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(SnapshotTimeoutScale, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(SnapshotTimeoutMax, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SnapshotTimeoutMax, TimeSpan.FromDays(7));
        ArgumentOutOfRangeException.ThrowIfLessThan(SnapshotsReceivedMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ConnectionsMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(IdleTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(PoolSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(EntryBytesMax, 1024);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(EntryBytesMax, 1024 * 1024 * 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(DecodingBytesMax, EntryBytesMax + (1024L * 1024));
        ArgumentOutOfRangeException.ThrowIfLessThan(UnansweredMax, 1);
    }
}
