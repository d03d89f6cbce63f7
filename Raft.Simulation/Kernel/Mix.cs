using System.Runtime.InteropServices;

namespace Raft.Simulation.Kernel;

/// <summary>A fast 64-bit mixing function for traces and contents; not for adversaries.</summary>
internal static class Mix
{
    private const ulong Odd = 0x9E3779B97F4A7C15;

    /// <summary>Folds a value into a hash; the order of values matters.</summary>
    public static ulong Add(ulong hash, ulong value)
    {
        ulong z = (hash ^ value) * Odd;
        return (z ^ (z >> 29)) * 0xBF58476D1CE4E5B9;
    }

    /// <summary>The hash of some bytes.</summary>
    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        ulong hash = Add(Odd, (ulong)bytes.Length);
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            hash = Add(hash, word);
        }

        foreach (byte rest in bytes[(words.Length * sizeof(ulong))..])
        {
            hash = Add(hash, rest);
        }

        return hash;
    }

    /// <summary>The hash of a text, the same in every process.</summary>
    public static ulong Of(string text) => Of(MemoryMarshal.AsBytes(text.AsSpan()));
}
