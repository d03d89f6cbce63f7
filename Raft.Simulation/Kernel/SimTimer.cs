namespace Raft.Simulation.Kernel;

/// <summary>A timer of a process. Its callback is a step of that process.</summary>
/// <remarks>
/// It may fire up to 4 ms early, as .NET's timers do: they count a coarser clock than
/// <see cref="TimeProvider.GetTimestamp"/> (579 of 4,460 fired early, by up to 3.8 ms).
/// </remarks>
internal sealed class SimTimer : SimEvent, ITimer
{
    private const double EarlyShare = 0.125;
    private const long EarlyTicksMax = 4 * TimeSpan.TicksPerMillisecond;

    private readonly SimKernel _kernel;
    private readonly MachineClock _clock;
    private readonly TimerCallback _callback;
    private readonly object? _state;
    private TimeSpan _period;
    private bool _isArmed;
    private bool _isDisposed;

    public SimTimer(SimKernel kernel, SimProcess process, MachineClock clock, TimerCallback callback, object? state)
    {
        _kernel = kernel;
        _clock = clock;
        _callback = callback;
        _state = state;
        Process = process;
    }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (_isDisposed)
        {
            return false;
        }

        Version++;
        _period = period;
        Arm(dueTime);
        return true;
    }

    public override void Run()
    {
        SetArmed(false);
        if (_period > TimeSpan.Zero)
        {
            Arm(_period);
        }

        _callback(_state);
    }

    public void Dispose()
    {
        _isDisposed = true;
        Version++;
        SetArmed(false);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private void Arm(TimeSpan due)
    {
        SetArmed(due != Timeout.InfiniteTimeSpan);
        if (!_isArmed)
        {
            return;
        }

        long ticks = due.Ticks;
        if (ticks > 0 && _kernel.Random.Chance(EarlyShare))
        {
            ticks -= Math.Min(ticks, _kernel.Random.Between(1, EarlyTicksMax));
        }

        _kernel.Schedule(this, (long)(ticks / _clock.Rate));
    }

    private void SetArmed(bool isArmed)
    {
        if (_isArmed != isArmed)
        {
            _isArmed = isArmed;
            Process!.Time.ArmedTimers += isArmed ? 1 : -1;
        }
    }
}
