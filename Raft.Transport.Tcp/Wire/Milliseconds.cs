namespace Raft.Transport.Tcp.Wire;

/// <summary>How times stand on the wire. They are rounded so that neither side takes a promise to be longer than it is.</summary>
internal static class Milliseconds
{
    // A promise is for seconds; more than a day is a fault of the sender, and would only overflow.
    private const ulong Most = 86_400_000;

    /// <summary>A time's whole milliseconds.</summary>
    public static ulong Of(TimeSpan time) => (ulong)Math.Clamp((long)time.TotalMilliseconds, 0, (long)Most);

    /// <summary>The time of so many milliseconds.</summary>
    public static TimeSpan ToTime(ulong milliseconds) => TimeSpan.FromMilliseconds(Math.Min(milliseconds, Most));
}
