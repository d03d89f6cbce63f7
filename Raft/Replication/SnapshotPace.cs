using Raft.Timing;

namespace Raft.Replication;

/// <summary>
/// Keeps a snapshot that is sent within a number of bytes a second, so that commands meanwhile find the processor, the disk
/// and the network free. Owned by one sending; used by whatever task reads the snapshot's bytes, one at a time.
/// </summary>
internal sealed class SnapshotPace : IDisposable
{
    // Timers are coarse: so much of the time that was lost to one is made good at once, and no more.
    private static readonly TimeSpan CatchUpMax = TimeSpan.FromMilliseconds(10);

    private readonly NodeClock _clock;
    private readonly long _bytesPerSecond;
    private readonly CancellationToken _stopping;
    private readonly CancellationTokenRegistration _stop;
    private readonly WakeSignal _due = new();
    private readonly DeadlineTimer _timer;
    private TimeSpan _notBefore;
    private volatile bool _isOver;

    /// <summary>Begins.</summary>
    /// <param name="clock">The node's clock.</param>
    /// <param name="bytesPerSecond">The most; the maximum for no limit.</param>
    /// <param name="stopping">Cancelled when nothing is sent any more: then nothing waits.</param>
    public SnapshotPace(NodeClock clock, long bytesPerSecond, CancellationToken stopping)
    {
        _clock = clock;
        _bytesPerSecond = bytesPerSecond;
        _stopping = stopping;
        _timer = new DeadlineTimer(clock, _due);
        _notBefore = clock.Now;
        _stop = stopping.Register(_due.Set);
    }

    /// <summary>Waits until more may be sent.</summary>
    public async ValueTask WaitAsync()
    {
        while (_clock.Now < _notBefore && !_isOver && !_stopping.IsCancellationRequested)
        {
            _timer.Arm(_notBefore);
            await _due.WaitAsync();
        }
    }

    /// <summary>Bytes are about to be sent.</summary>
    public void Took(int bytes)
    {
        if (_bytesPerSecond < long.MaxValue)
        {
            TimeSpan earliest = _clock.Now - CatchUpMax;
            _notBefore = (_notBefore > earliest ? _notBefore : earliest) + (TimeSpan.FromSeconds(1) * ((double)bytes / _bytesPerSecond));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Dispose();
        _timer.Dispose();
        _isOver = true;
        _due.Set();
    }
}
