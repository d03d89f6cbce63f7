namespace Raft;

/// <summary>
/// What a read promises. The default is <see cref="Linearizable"/>. All of them can be asked of every server, also of one
/// without a vote.
/// </summary>
public readonly record struct ReadConsistency
{
    internal enum Level
    {
        Linearizable,
        Lease,
        AtLeast,
        BoundedStaleness,
        Local,
    }

    private ReadConsistency(Level kind, ulong index = 0, TimeSpan staleness = default)
    {
        Kind = kind;
        Index = index;
        Staleness = staleness;
    }

    /// <summary>
    /// The state holds everything that was committed, on any server, when the read was called (thesis 6.4). A majority confirms the
    /// leader once for all reads that wait; nothing is written, and no clock is trusted.
    /// </summary>
    public static ReadConsistency Linearizable => default;

    /// <summary>
    /// As <see cref="Linearizable"/>, without asking a majority each time, where the leader holds promises of a majority to elect
    /// nobody else meanwhile; otherwise a majority is asked. Trusts that the servers'
    /// monotonic clocks run equally fast within <see cref="RaftConfig.ClockDriftMax"/> and stand still for no server alone.
    /// </summary>
    public static ReadConsistency Lease => new(Level.Lease);

    /// <summary>The state of this server as it is, of an earlier time however long ago.</summary>
    public static ReadConsistency Local => new(Level.Local);

    /// <summary>The level.</summary>
    internal Level Kind { get; }

    /// <summary>The entry that the state must hold.</summary>
    internal ulong Index { get; }

    /// <summary>How old the state may be.</summary>
    internal TimeSpan Staleness { get; }

    /// <summary>
    /// The state of this server once it holds an entry: with the index of an own write's <see cref="ApplyResult"/>, or of an earlier
    /// read, a client reads its own writes, and never backwards, from whichever server it asks. Waits for as long as the
    /// entry takes: give it a cancellation.
    /// </summary>
    /// <param name="index">The entry's index.</param>
    public static ReadConsistency AtLeast(ulong index) => new(Level.AtLeast, index: index);

    /// <summary>
    /// The state holds everything that was committed, on any server, so long before the read was called. This server asks the leader
    /// as seldom as that allows, and fails where it cannot keep the bound. Trusts no clock but its own.
    /// </summary>
    /// <param name="bound">How old the state may be.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bound is negative.</exception>
    public static ReadConsistency BoundedStaleness(TimeSpan bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, TimeSpan.Zero);
        return new ReadConsistency(Level.BoundedStaleness, staleness: bound);
    }

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        Level.AtLeast => $"at least entry {Index}",
        Level.BoundedStaleness => $"at most {Staleness} old",
        _ => Kind.ToString(),
    };
}
