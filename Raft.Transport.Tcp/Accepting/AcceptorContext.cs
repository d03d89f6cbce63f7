using Microsoft.Extensions.Logging;

namespace Raft.Transport.Tcp.Accepting;

/// <summary>What all accepted connections of one transport share.</summary>
internal sealed class AcceptorContext(
    IRpcReceiver receiver, TcpTransportOptions options, TransportMeter meter, ILogger logger)
{
    private static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(1);

    private readonly LogLimiter _malformed = new(options.TimeProvider);
    private readonly LogLimiter _stalled = new(options.TimeProvider);
    private readonly LogLimiter _refused = new(options.TimeProvider);
    private readonly LogLimiter _tooManySnapshots = new(options.TimeProvider);
    private readonly LogLimiter _evicted = new(options.TimeProvider);
    private readonly LogLimiter _tooLarge = new(options.TimeProvider);
    private readonly LogLimiter _unproven = new(options.TimeProvider);
    private readonly LogLimiter _notAdmitted = new(options.TimeProvider);
    private readonly TimeSpan _sweepInterval = options.Timeout / 32;
    private int _snapshots;

    public IRpcReceiver Receiver { get; } = receiver;

    /// <summary>Which servers have connections open to here.</summary>
    public NamedPeers Peers { get; } = new(receiver, new ForgivingLogger(logger));

    public ILogger Logger { get; } = new ForgivingLogger(logger);

    public TransportMeter Meter { get; } = meter;

    public TcpTransportOptions Options { get; } = options;

    public TimeProvider Time { get; } = options.TimeProvider;

    public DecodingBudget Budget { get; } = new(options.DecodingBytesMax);

    /// <summary>How often it is looked which connections have made no progress.</summary>
    public TimeSpan SweepInterval => _sweepInterval > LeastInterval ? _sweepInterval : LeastInterval;

    /// <summary>From when on one counts as stalled: early enough that none is left when the timeout is over, also if a look is late.</summary>
    public TimeSpan StalledAfter => Options.Timeout - (2 * _sweepInterval);

    /// <summary>How many snapshots were announced and are not answered yet.</summary>
    public int SnapshotCount => Volatile.Read(ref _snapshots);

    /// <summary>Takes a place for a snapshot, until <see cref="EndSnapshot"/>.</summary>
    /// <returns>Whether there was one.</returns>
    public bool TryBeginSnapshot()
    {
        if (Interlocked.Increment(ref _snapshots) <= Options.SnapshotsReceivedMax)
        {
            return true;
        }

        EndSnapshot();
        return false;
    }

    /// <summary>Gives the place of a snapshot back.</summary>
    public void EndSnapshot() => Interlocked.Decrement(ref _snapshots);

    /// <summary>Says that a peer sent nonsense.</summary>
    public void LogMalformed(string remote, string reason)
    {
        if (_malformed.TryPass(out long unlogged))
        {
            LogMessages.Malformed(Logger, remote, reason, unlogged);
        }
    }

    /// <summary>Says that a peer did not prove who it is.</summary>
    public void LogUnproven(string remote, string reason)
    {
        if (_unproven.TryPass(out long unlogged))
        {
            LogMessages.Unproven(Logger, remote, reason, unlogged);
        }
    }

    /// <summary>Says that a peer is of another cluster, or named a server that it is not.</summary>
    public void LogNotAdmitted(string remote, string reason)
    {
        if (_notAdmitted.TryPass(out long unlogged))
        {
            LogMessages.NotAdmitted(Logger, remote, reason, unlogged);
        }
    }

    /// <summary>Says that a connection made no progress.</summary>
    public void LogStalled(string remote, string what)
    {
        if (_stalled.TryPass(out long unlogged))
        {
            LogMessages.Stalled(Logger, remote, what, Options.Timeout, unlogged);
        }
    }

    /// <summary>Says that a connection was closed because there are too many.</summary>
    public void LogRefused(string remote)
    {
        if (_refused.TryPass(out long unlogged))
        {
            LogMessages.Refused(Logger, remote, Options.ConnectionsMax, unlogged);
        }
    }

    /// <summary>Says that a snapshot was refused because too many are being received.</summary>
    public void LogTooManySnapshots(string remote)
    {
        if (_tooManySnapshots.TryPass(out long unlogged))
        {
            LogMessages.TooManySnapshots(Logger, remote, Options.SnapshotsReceivedMax, unlogged);
        }
    }

    /// <summary>Says that a connection was closed because all wait for memory.</summary>
    public void LogEvicted(string remote)
    {
        if (_evicted.TryPass(out long unlogged))
        {
            LogMessages.Evicted(Logger, remote, Budget.UsedBytes, Budget.BytesMax, unlogged);
        }
    }

    /// <summary>Says that one request is over the whole budget.</summary>
    public void LogRequestTooLarge(string remote)
    {
        if (_tooLarge.TryPass(out long unlogged))
        {
            LogMessages.RequestTooLarge(Logger, remote, Budget.BytesMax, unlogged);
        }
    }
}
