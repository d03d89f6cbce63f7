using System.Numerics;

namespace Raft.Simulation.Kernel;

/// <summary>The one source of chance of a run: xoshiro256** (Blackman and Vigna), the same on every runtime.</summary>
internal sealed class SimRandom
{
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;

    /// <summary>Spreads a seed over the state by splitmix64, so that neighbouring seeds have nothing in common.</summary>
    public SimRandom(ulong seed)
    {
        _a = Next(ref seed);
        _b = Next(ref seed);
        _c = Next(ref seed);
        _d = Next(ref seed);
    }

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        ulong result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        ulong shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>A number in [0, <paramref name="below"/>).</summary>
    public int Next(int below) => (int)(((NextBits() >> 32) * (ulong)below) >> 32);

    /// <summary>A number in [<paramref name="least"/>, <paramref name="most"/>].</summary>
    public long Between(long least, long most) => least + (long)(NextFraction() * (most - least + 1));

    /// <summary>A time in [<paramref name="least"/>, <paramref name="most"/>].</summary>
    public TimeSpan Between(TimeSpan least, TimeSpan most) => TimeSpan.FromTicks(Between(least.Ticks, most.Ticks));

    /// <summary>A number in [0, 1).</summary>
    public double NextFraction() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>True in the given share of cases.</summary>
    public bool Chance(double share) => share > 0 && NextFraction() < share;

    /// <summary>A number whose logarithm is even over a range, so that small and large ones are equally likely.</summary>
    public double LogBetween(double least, double most) => least * Math.Pow(most / least, NextFraction());

    /// <summary>One of several.</summary>
    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    /// <summary>A source of its own, so that what draws from it does not shift what others draw.</summary>
    public SimRandom Fork() => new(NextBits());

    private static ulong Next(ref ulong seed)
    {
        ulong z = seed += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
