namespace Raft.Tests.Transport;

/// <summary>A clock that stands still until a test moves it; timers that are due fire on the test's thread.</summary>
internal sealed class ManualClock : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private long _now = 1_000_000;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => new(GetTimestamp(), TimeSpan.Zero);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Whether a timer is due so long from now.</summary>
    public bool HasTimer(TimeSpan wait)
    {
        lock (_gate)
        {
            return _timers.Exists(t => t.Due == _now + wait.Ticks);
        }
    }

    /// <summary>Moves the clock, firing what is due on the way.</summary>
    public void Advance(TimeSpan by)
    {
        long end = _now + by.Ticks;
        while (true)
        {
            ManualTimer? next;
            lock (_gate)
            {
                next = _timers.Where(t => t.Due <= end).MinBy(t => t.Due);
                if (next is null)
                {
                    Volatile.Write(ref _now, end);
                    return;
                }

                Volatile.Write(ref _now, Math.Max(_now, next.Due));
                next.Schedule(next.Period);
            }

            next.Callback();
        }
    }

    private sealed class ManualTimer(ManualClock clock, Action callback) : ITimer
    {
        public long Due { get; private set; }

        public TimeSpan Period { get; private set; }

        public Action Callback { get; } = callback;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                Period = period;
                Schedule(dueTime);
                return true;
            }
        }

        public void Schedule(TimeSpan dueTime)
        {
            clock._timers.Remove(this);
            if (dueTime >= TimeSpan.Zero && (dueTime > TimeSpan.Zero || Due == 0))
            {
                Due = clock._now + dueTime.Ticks;
                clock._timers.Add(this);
            }
        }

        public void Dispose()
        {
            lock (clock._gate)
            {
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
