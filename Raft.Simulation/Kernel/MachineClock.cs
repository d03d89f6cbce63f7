namespace Raft.Simulation.Kernel;

/// <summary>
/// The clock of one machine: runs at its own rate, and its wall clock may jump. The monotonic one never goes back.
/// </summary>
internal sealed class MachineClock(SimKernel kernel)
{
    private static readonly long Epoch = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    private long _localTicks;
    private long _sinceTicks = kernel.NowTicks;

    /// <summary>How fast it runs: local time for each unit of true time.</summary>
    public double Rate { get; private set; } = 1;

    /// <summary>How far the wall clock is off.</summary>
    public TimeSpan UtcOffset { get; set; }

    /// <summary>The monotonic time in ticks of 100 ns.</summary>
    public long Ticks => _localTicks + (long)((kernel.NowTicks - _sinceTicks) * Rate);

    /// <summary>The wall clock.</summary>
    public DateTimeOffset Utc => new(Epoch + Ticks + UtcOffset.Ticks, TimeSpan.Zero);

    /// <summary>Lets it run at another rate from now on. Timers that are armed keep their true time.</summary>
    public void SetRate(double rate)
    {
        _localTicks = Ticks;
        _sinceTicks = kernel.NowTicks;
        Rate = rate;
    }
}
