namespace Raft;

/// <summary>The settings of a <see cref="Session"/>.</summary>
public sealed record SessionOptions
{
    /// <summary>The longest time that may be given anywhere.</summary>
    internal static readonly TimeSpan TimeMax = TimeSpan.FromDays(1);

    /// <summary>
    /// The client's name, which no other session ever had or will have. Null, the default, draws one, at random, of 128 bits.
    /// </summary>
    public string? Client { get; init; }

    /// <summary>
    /// A committed index of the log, for a cluster that expires sessions. Default 0, or what the given node has applied: if
    /// that is too old, the session learns a newer one with its first request.
    /// </summary>
    public ulong OpenedAt { get; init; }

    /// <summary>
    /// After how long an attempt that got no answer is given up, and the request sent again. Default 5 s. Longer than a busy
    /// cluster's answers take: each attempt may add an entry to the log, and makes it busier.
    /// </summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The least time between two attempts, which doubles from one to the next. Default 10 ms.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>The most time between two attempts. Default 1 s.</summary>
    public TimeSpan RetryDelayMax { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Seeds the jitter of the times between attempts; null draws a seed.</summary>
    public int? Seed { get; init; }

    /// <summary>The clock. Default the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = CompositionRoot.SystemTime;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(TimeProvider);
        if (Client is not null && !SessionTable.IsClient(Client))
        {
            throw new ArgumentException($"Client: a name has 1 to {SessionTable.ClientBytesMax} bytes of UTF-8.");
        }

        Require(AttemptTimeout > TimeSpan.Zero && AttemptTimeout <= TimeMax, nameof(AttemptTimeout));
        Require(RetryDelay >= TimeSpan.FromMilliseconds(1) && RetryDelay <= RetryDelayMax, nameof(RetryDelay));
        Require(RetryDelayMax <= TimeMax, nameof(RetryDelayMax));
    }

    private static void Require(bool holds, string name)
    {
        if (!holds)
        {
            throw new ArgumentException(
                $"{name}: attempts take more than nothing, lie 1 ms to {nameof(RetryDelayMax)} apart, and all of it is at most a day.");
        }
    }
}
