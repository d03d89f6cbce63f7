namespace Raft.Tests.Support;

/// <summary>Salts by a seed, so that a run can be repeated to the byte.</summary>
internal sealed class Salts(int seed)
{
    private readonly Random _random = new(seed);

    public ulong Next() => (ulong)_random.NextInt64();
}
