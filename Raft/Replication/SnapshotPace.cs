using Raft.Timing;

namespace Raft.Replication;

/// <summary>
/// Keeps a snapshot that is sent within a number of bytes a second, so that commands meanwhile find the processor, the disk
/// and the network free. Owned by one sending; used by whatever task reads the snapshot's bytes, one at a time.
/// </summary>
internal sealed class SnapshotPace(NodeClock clock, long bytesPerSecond) : IDisposable
{
    // Timers are coarse: so much of the time that was lost to one is made good at once, and no more.
    private static readonly TimeSpan CatchUpMax = TimeSpan.FromMilliseconds(10);

    private readonly WakeSignal _due = new();
    private DeadlineTimer? _timer;
    private TimeSpan _notBefore;

    /// <summary>Waits until more may be sent.</summary>
    public async ValueTask WaitAsync()
    {
        while (clock.Now < _notBefore)
        {
            _timer ??= new DeadlineTimer(clock, _due);
            _timer.Arm(_notBefore);
            await _due.WaitAsync();
        }
    }

    /// <summary>Bytes are about to be sent.</summary>
    public void Took(int bytes)
    {
        if (bytesPerSecond < long.MaxValue)
        {
            TimeSpan earliest = clock.Now - CatchUpMax;
            _notBefore = (_notBefore > earliest ? _notBefore : earliest) + (TimeSpan.FromSeconds(1) * ((double)bytes / bytesPerSecond));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();
}
