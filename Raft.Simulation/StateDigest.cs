using System.Runtime.InteropServices;
using Raft.Simulation.Kernel;

namespace Raft.Simulation;

/// <summary>
/// Makes one number of a state, to tell whether two replicas are the same: equal values in the same order make the same
/// number in every process, other values another one but for chance. Not for adversaries.
/// </summary>
/// <remarks>Add the contents of unordered collections in an order of your own, such as by key.</remarks>
public sealed class StateDigest
{
    private ulong _hash = 1;

    /// <summary>The number.</summary>
    public ulong Value => _hash;

    /// <summary>Adds a number, or an index, a count, ticks.</summary>
    /// <param name="value">The number.</param>
    /// <returns>This digest.</returns>
    public StateDigest Add(long value) => Add((ulong)value);

    /// <summary>Adds a number.</summary>
    /// <param name="value">The number.</param>
    /// <returns>This digest.</returns>
    public StateDigest Add(ulong value)
    {
        _hash = Mix.Add(_hash, value);
        return this;
    }

    /// <summary>Adds a text; null is another one than the empty text.</summary>
    /// <param name="value">The text.</param>
    /// <returns>This digest.</returns>
    public StateDigest Add(string? value) =>
        value is null ? Add(ulong.MaxValue) : Add(MemoryMarshal.AsBytes(value.AsSpan()));

    /// <summary>Adds bytes.</summary>
    /// <param name="value">The bytes.</param>
    /// <returns>This digest.</returns>
    public StateDigest Add(ReadOnlySpan<byte> value) => Add((ulong)value.Length).Add(Mix.Of(value));
}
