namespace Raft.Tests.Support;

/// <summary>A clock that stands still until the test moves it, timers included. All on the test's thread.</summary>
internal sealed class VirtualClock : TimeProvider
{
    /// <summary>Timers of a real system count coarser ticks than its clock: every third fires so much before its time.</summary>
    private const long EarlyTicks = 4 * TimeSpan.TicksPerMillisecond;

    private static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly PriorityQueue<(VirtualTimer Timer, int Version), (long Due, long Order)> _timers = new();
    private long _order;
    private long _fired;

    /// <summary>Time since the clock was made.</summary>
    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(1);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How often the time was asked for.</summary>
    public int Reads { get; private set; }

    public override long GetTimestamp()
    {
        Reads++;
        return Now.Ticks;
    }

    public override DateTimeOffset GetUtcNow() => Epoch + Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves to the next timer, if one is due until then, and fires it.</summary>
    /// <returns>False where the clock reached the limit instead.</returns>
    public bool AdvanceToNextTimer(TimeSpan limit)
    {
        while (_timers.TryPeek(out (VirtualTimer Timer, int Version) next, out (long Due, long Order) at))
        {
            if (next.Version != next.Timer.Version)
            {
                _timers.Dequeue();
                continue;
            }

            if (at.Due > limit.Ticks)
            {
                break;
            }

            _timers.Dequeue();
            long due = ++_fired % 3 == 0 ? at.Due - EarlyTicks : at.Due;
            Now = due > Now.Ticks ? TimeSpan.FromTicks(due) : Now;
            next.Timer.Fire();
            return true;
        }

        Now = limit;
        return false;
    }

    /// <summary>Lets so much time pass, and fires what is due in it.</summary>
    public void Advance(TimeSpan time)
    {
        TimeSpan until = Now + time;
        while (AdvanceToNextTimer(until))
        {
        }
    }

    private void Arm(VirtualTimer timer, TimeSpan due) =>
        _timers.Enqueue((timer, timer.Version), ((Now + due).Ticks, _order++));

    private sealed class VirtualTimer(VirtualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public int Version { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Version++;
            _period = period;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                clock.Arm(this, dueTime);
            }

            return true;
        }

        public void Fire()
        {
            Version++;
            if (_period > TimeSpan.Zero)
            {
                clock.Arm(this, _period);
            }

            callback(state);
        }

        public void Dispose() => Version++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
