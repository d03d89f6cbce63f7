namespace Raft.Timing;

/// <summary>
/// The one timer of a loop: sets the loop's wake signal when a deadline has come. It may fire early, when a deadline
/// was moved back: the loop looks at the clock. Owned by that loop.
/// </summary>
internal sealed class DeadlineTimer : IDisposable
{
    private readonly NodeClock _clock;
    private readonly ITimer _timer;
    private TimeSpan _armedFor = TimeSpan.MaxValue;

    public DeadlineTimer(NodeClock clock, WakeSignal wake)
    {
        _clock = clock;
        _timer = clock.Provider.CreateTimer(
            static state => ((WakeSignal)state!).Set(), wake, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Sees to it that the signal is set at the deadline at the latest.</summary>
    /// <param name="deadline">A time of the node's clock; <see cref="TimeSpan.MaxValue"/> for none.</param>
    public void Arm(TimeSpan deadline)
    {
        TimeSpan now = _clock.Now;
        if (_armedFor <= now)
        {
            _armedFor = TimeSpan.MaxValue;
        }

        if (deadline >= _armedFor)
        {
            return;
        }

        _armedFor = deadline;
        // A timer counts whole milliseconds: one more, so that the deadline has come when it fires.
        TimeSpan due = deadline <= now ? TimeSpan.Zero : deadline - now + TimeSpan.FromMilliseconds(1);
        _timer.Change(due, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer.Dispose();
}
