using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Raft.Stores.Wal.Format;

/// <summary>
/// CRC-64/XZ: the polynomial of ECMA-182, reflected, initial value and final xor all ones. It is what Go's
/// <c>hash/crc64</c> calls ECMA, and what hashicorp's snapshots carry.
/// </summary>
/// <remarks>
/// Where the processor multiplies without carries, 64 bytes a step are folded onto the next 64 (Gopal et al., "Fast CRC Computation for
/// Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009), and what is left after that goes, as all bytes do elsewhere, eight
/// bytes a step, each through a table of its own (Kounavis and Berry, "slicing-by-8").
/// </remarks>
internal static class Crc64
{
    private const ulong Polynomial = 0xC96C_5795_D787_0F42;
    private const int TableCount = 8;
    private const int TableSize = 256;

    private const int LaneBytes = 16;
    private const int Lanes = 4;

    // Below that, the folding at the end costs more than it gains.
    private const int FoldedBytesMin = 4 * Lanes * LaneBytes;

    private static readonly ulong[] Tables = MakeTables();

    // By what the two halves of a lane are multiplied to stand 64 bytes, or 16, further on. A product of reflected values is one power short.
    private static readonly Vector128<ulong> FarFactors = Factors(Lanes * LaneBytes);
    private static readonly Vector128<ulong> NearFactors = Factors(LaneBytes);

    /// <summary>The checksum of some bytes that follow others.</summary>
    /// <param name="before">The checksum of what stands before them; 0 for nothing.</param>
    /// <param name="bytes">The bytes.</param>
    /// <returns>The checksum of all of them.</returns>
    public static ulong Of(ulong before, ReadOnlySpan<byte> bytes)
    {
        ulong state = ~before;
        if (Pclmulqdq.IsSupported && bytes.Length >= FoldedBytesMin)
        {
            int folded = bytes.Length / (Lanes * LaneBytes) * (Lanes * LaneBytes);
            Span<ulong> rest = stackalloc ulong[LaneBytes / sizeof(ulong)];
            Fold(state, bytes[..folded]).CopyTo(rest);
            state = OfTables(0, MemoryMarshal.AsBytes(rest));
            bytes = bytes[folded..];
        }

        return ~OfTables(state, bytes);
    }

    /// <summary>The same by the tables alone, without the first and the last inversion.</summary>
    internal static ulong OfTables(ulong state, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> tables = Tables;
        while (bytes.Length >= sizeof(ulong))
        {
            state ^= BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            state = tables[(7 * TableSize) + (byte)state]
                ^ tables[(6 * TableSize) + (byte)(state >> 8)]
                ^ tables[(5 * TableSize) + (byte)(state >> 16)]
                ^ tables[(4 * TableSize) + (byte)(state >> 24)]
                ^ tables[(3 * TableSize) + (byte)(state >> 32)]
                ^ tables[(2 * TableSize) + (byte)(state >> 40)]
                ^ tables[TableSize + (byte)(state >> 48)]
                ^ tables[(byte)(state >> 56)];
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte value in bytes)
        {
            state = tables[(byte)state ^ value] ^ (state >> 8);
        }

        return state;
    }

    // Sixteen bytes that leave the same remainder as all of the bytes behind the state.
    private static Vector128<ulong> Fold(ulong state, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<Vector128<ulong>> blocks = MemoryMarshal.Cast<byte, Vector128<ulong>>(bytes);
        Vector128<ulong> a = blocks[0] ^ Vector128.Create(state, 0);
        Vector128<ulong> b = blocks[1];
        Vector128<ulong> c = blocks[2];
        Vector128<ulong> d = blocks[3];
        for (blocks = blocks[Lanes..]; blocks.Length >= Lanes; blocks = blocks[Lanes..])
        {
            a = Move(a, FarFactors) ^ blocks[0];
            b = Move(b, FarFactors) ^ blocks[1];
            c = Move(c, FarFactors) ^ blocks[2];
            d = Move(d, FarFactors) ^ blocks[3];
        }

        b ^= Move(a, NearFactors);
        c ^= Move(b, NearFactors);
        return d ^ Move(c, NearFactors);
    }

    private static Vector128<ulong> Move(Vector128<ulong> lane, Vector128<ulong> factors) =>
        Pclmulqdq.CarrylessMultiply(lane, factors, 0x00) ^ Pclmulqdq.CarrylessMultiply(lane, factors, 0x11);

    private static Vector128<ulong> Factors(int bytes) => Vector128.Create(Power((8 * (bytes + sizeof(ulong))) - 1), Power((8 * bytes) - 1));

    // x to a power, modulo the polynomial; the highest bit is x to the 0.
    private static ulong Power(int exponent)
    {
        ulong power = 1UL << 63;
        for (int i = 0; i < exponent; i++)
        {
            power = Times(power);
        }

        return power;
    }

    private static ulong Times(ulong value) => (value & 1) != 0 ? (value >> 1) ^ Polynomial : value >> 1;

    // Table k says what a byte does to the state when k more bytes follow it.
    private static ulong[] MakeTables()
    {
        ulong[] tables = new ulong[TableCount * TableSize];
        for (int value = 0; value < TableSize; value++)
        {
            ulong state = (ulong)value;
            for (int bit = 0; bit < 8; bit++)
            {
                state = Times(state);
            }

            tables[value] = state;
        }

        for (int at = TableSize; at < tables.Length; at++)
        {
            ulong shorter = tables[at - TableSize];
            tables[at] = tables[(byte)shorter] ^ (shorter >> 8);
        }

        return tables;
    }
}
