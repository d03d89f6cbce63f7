using Microsoft.Extensions.Logging;

namespace Raft.Transport.Tcp.Accepting;

/// <summary>What all accepted connections of one transport share.</summary>
internal sealed class AcceptorContext(IRpcReceiver receiver, TcpTransportOptions options, ILogger logger)
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private long? _loggedAt;
    private long _unlogged;

    public IRpcReceiver Receiver { get; } = receiver;

    public ILogger Logger { get; } = new ForgivingLogger(logger);

    public TimeProvider Time { get; } = options.TimeProvider;

    public TimeSpan Timeout { get; } = options.Timeout;

    public int EntryBytesMax { get; } = options.EntryBytesMax;

    public int UnansweredMax { get; } = options.UnansweredMax;

    public DecodingBudget Budget { get; } = new(options.DecodingBytesMax);

    /// <summary>Says that a peer sent nonsense, once a second at most: whoever scans ports must not fill the log.</summary>
    public void LogMalformed(string remote, string reason)
    {
        long unlogged;
        lock (_gate)
        {
            if (_loggedAt is { } at && Time.GetElapsedTime(at) < LogInterval)
            {
                _unlogged++;
                return;
            }

            _loggedAt = Time.GetTimestamp();
            unlogged = _unlogged;
            _unlogged = 0;
        }

        LogMessages.Malformed(Logger, remote, reason, unlogged);
    }
}
