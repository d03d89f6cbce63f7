namespace Raft.Timing;

/// <summary>
/// The one timer of a loop: sets the loop's wake signal when a deadline has come. It may fire early, when a deadline
/// was moved back: the loop looks at the clock. Owned by that loop.
/// </summary>
internal sealed class DeadlineTimer : IDisposable
{
    // What a timer takes; where a deadline is later, the loop finds so and arms it again.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(40);

    private readonly NodeClock _clock;
    private readonly ITimer _timer;
    private readonly WakeSignal _wake;
    // Ticks of the time it is armed for. The callback, on whatever thread, says that it no longer is.
    private long _armedForTicks = long.MaxValue;

    public DeadlineTimer(NodeClock clock, WakeSignal wake)
    {
        _clock = clock;
        _wake = wake;
        _timer = clock.Provider.CreateTimer(
            static state => ((DeadlineTimer)state!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Sees to it that the signal is set at the deadline at the latest.</summary>
    /// <param name="deadline">A time of the node's clock; <see cref="TimeSpan.MaxValue"/> for none.</param>
    public void Arm(TimeSpan deadline)
    {
        if (deadline.Ticks >= Volatile.Read(ref _armedForTicks))
        {
            return;
        }

        TimeSpan now = _clock.Now;
        Volatile.Write(ref _armedForTicks, deadline.Ticks);

        // A timer counts whole milliseconds of a coarser clock: one more, so that the deadline has mostly come when it
        // fires. Where it has not, the loop finds so and arms it again.
        TimeSpan due = deadline <= now ? TimeSpan.Zero : deadline - now + TimeSpan.FromMilliseconds(1);
        _timer.Change(due < Longest ? due : Longest, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer.Dispose();

    private void Fire()
    {
        Volatile.Write(ref _armedForTicks, long.MaxValue);
        _wake.Set();
    }
}
