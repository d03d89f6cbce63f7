namespace Raft.Replication;

/// <summary>How long to wait after failures: 10 ms, doubled from the third on, up to a bound. Pure.</summary>
internal static class Backoff
{
    private const int ExponentMax = 12;
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(10);

    /// <summary>The wait after so many failures in a row.</summary>
    public static TimeSpan After(int failures, TimeSpan most)
    {
        int exponent = Math.Min(failures, ExponentMax) - 2;
        TimeSpan wait = exponent <= 0 ? Least : Least * (1 << exponent);
        return wait < most ? wait : most;
    }
}
