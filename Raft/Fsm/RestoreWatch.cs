using Microsoft.Extensions.Logging;
using Raft.Observability;
using Raft.Timing;

namespace Raft.Fsm;

/// <summary>
/// Tells how far a restore of the state machine is, every ten seconds that it takes, and measures it. One restore at a time.
/// </summary>
internal sealed class RestoreWatch(ServerId node, NodeClock clock, TimeMeter meter, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private TimeSpan _began;
    private TimeSpan _next;
    private TimeSpan? _measured;
    private long _bytes;

    /// <summary>A restore begins.</summary>
    public void Begin()
    {
        _measured = meter.Begin();
        _began = clock.Now;
        _next = _began + Interval;
        _bytes = 0;
    }

    /// <summary>The state machine was given so many bytes more.</summary>
    public void Read(int bytes)
    {
        _bytes += bytes;
        TimeSpan now = clock.Now;
        if (now >= _next)
        {
            _next = now + Interval;
            logger.RestoreProgress(node, _bytes, now - _began);
        }
    }

    /// <summary>It is done.</summary>
    public void End() => meter.End(_measured);
}
