namespace Raft.Timing;

/// <summary>The node's seeded random source. Used by the tasks of the node's loop scheduler only, so never at once.</summary>
internal sealed class NodeRandom(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>A time drawn evenly from [<paramref name="least"/>, 2 × <paramref name="least"/>) (§5.2).</summary>
    public TimeSpan Jitter(TimeSpan least) => least + TimeSpan.FromTicks((long)(_random.NextDouble() * least.Ticks));

    /// <summary>A number drawn evenly from 0 to one below a bound.</summary>
    public ulong Below(ulong bound) => (ulong)_random.NextInt64((long)Math.Min(bound, long.MaxValue));
}
