using System.Runtime.InteropServices;

namespace Raft.Simulation;

/// <summary>Consecutive seeds.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last, which is run too.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SeedRange(ulong First, ulong Last)
{
    /// <summary>Several seeds.</summary>
    /// <param name="first">The first.</param>
    /// <param name="last">The last, which is run too; not below the first.</param>
    public static SeedRange Of(ulong first, ulong last)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(last, first);
        return new SeedRange(first, last);
    }

    /// <inheritdoc/>
    public override string ToString() => First == Last ? $"{First}" : $"{First}-{Last}";

    /// <summary>One seed.</summary>
    /// <param name="seed">The seed.</param>
    public static SeedRange One(ulong seed) => new(seed, seed);
}
