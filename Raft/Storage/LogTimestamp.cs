namespace Raft;

/// <summary>When a leader appended an entry, as precisely as Go states it; for information only.</summary>
/// <param name="Seconds">Whole seconds since 0001-01-01T00:00:00Z.</param>
/// <param name="Nanoseconds">Nanoseconds within the second, 0 to 999,999,999.</param>
/// <param name="OffsetSeconds">The writer's zone, seconds east of UTC.</param>
/// <param name="IsUtc">Whether the writer's zone was UTC itself, which Go tells apart from an offset of zero.</param>
public readonly record struct LogTimestamp(long Seconds, int Nanoseconds, int OffsetSeconds, bool IsUtc)
{
    /// <summary>Go's zero time: the entry was never stamped, as that of a bootstrap.</summary>
    public static LogTimestamp Zero { get; } = new(0, 0, 0, IsUtc: true);

    /// <summary>Whether the entry was never stamped.</summary>
    public bool IsZero => Seconds == 0 && Nanoseconds == 0;

    /// <summary>The stamp of an instant, in UTC.</summary>
    /// <param name="instant">The instant.</param>
    /// <returns>Its stamp, to 100 nanoseconds.</returns>
    public static LogTimestamp FromDateTimeOffset(DateTimeOffset instant)
    {
        long ticks = instant.UtcTicks;
        return new(ticks / TimeSpan.TicksPerSecond, (int)(ticks % TimeSpan.TicksPerSecond) * 100, 0, IsUtc: true);
    }

    /// <summary>The instant, cut to 100 nanoseconds and, where it lies outside what .NET can say, to the nearest it can.</summary>
    /// <returns>The instant in UTC.</returns>
    public DateTimeOffset ToDateTimeOffset()
    {
        // A peer may state any number of nanoseconds, so the sum is held within bounds, not only the seconds.
        long seconds = Math.Clamp(Seconds, 0, DateTimeOffset.MaxValue.UtcTicks / TimeSpan.TicksPerSecond);
        long ticks = (seconds * TimeSpan.TicksPerSecond) + (Nanoseconds / 100);
        return new DateTimeOffset(Math.Clamp(ticks, 0, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);
    }
}
