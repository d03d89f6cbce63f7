namespace Raft.Simulation.Kernel;

/// <summary>The time as one process sees it: its machine's clock, and timers that die with the process.</summary>
internal sealed class ProcessTime(SimKernel kernel, SimProcess process, MachineClock clock) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How many timers are armed.</summary>
    public int ArmedTimers { get; internal set; }

    public override long GetTimestamp() => clock.Ticks;

    public override DateTimeOffset GetUtcNow() => clock.Utc;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimTimer(kernel, process, clock, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}
