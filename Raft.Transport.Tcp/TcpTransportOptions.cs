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
    /// How long one call may take, dialling included, and how long a connection may rest in the middle of a request or of
    /// the answers that it still owes.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

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
    /// in one.
    /// </summary>
    public long DecodingBytesMax { get; init; } = 256L * 1024 * 1024;

    /// <summary>How many requests of one connection may wait for their answers before no more are received from it.</summary>
    public int UnansweredMax { get; init; } = 256;

    /// <summary>The clock of all timeouts.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where log lines go.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>How the network is reached; plain sockets by default.</summary>
    public IStreamLayer StreamLayer { get; init; } = new SocketStreamLayer();

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(BindAddress);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Timeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Timeout, TimeSpan.FromDays(1));
        ArgumentOutOfRangeException.ThrowIfNegative(PoolSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(EntryBytesMax, 1024);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(EntryBytesMax, 1024 * 1024 * 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(DecodingBytesMax, EntryBytesMax + (1024L * 1024));
        ArgumentOutOfRangeException.ThrowIfLessThan(UnansweredMax, 1);
    }
}
