namespace Raft.Timing;

/// <summary>The node's monotonic clock: the time since the node was made, by the injected provider. Any task may read it.</summary>
internal sealed class NodeClock(TimeProvider provider)
{
    private readonly long _start = provider.GetTimestamp();

    /// <summary>The injected provider, for timers.</summary>
    public TimeProvider Provider => provider;

    /// <summary>Time since the node was made. Never goes back; does not follow the wall clock.</summary>
    public TimeSpan Now => provider.GetElapsedTime(_start);

    /// <summary>The wall clock, for what is only shown.</summary>
    public DateTimeOffset UtcNow => provider.GetUtcNow();
}
