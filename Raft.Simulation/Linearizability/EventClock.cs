namespace Raft.Simulation.Linearizability;

/// <summary>
/// Gives each event of a history an instant of its own: at the same reading of the clock one tick apart, in the order in
/// which they were recorded.
/// </summary>
internal sealed class EventClock(TimeProvider clock)
{
    private TimeSpan _last = TimeSpan.MinValue;

    public TimeSpan Next()
    {
        TimeSpan now = clock.GetElapsedTime(startingTimestamp: 0);
        _last = now > _last ? now : _last + TimeSpan.FromTicks(1);
        return _last;
    }
}
