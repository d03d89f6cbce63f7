using System.Buffers.Binary;

namespace Raft.Stores.Wal.Format;

/// <summary>
/// CRC-64/XZ: the polynomial of ECMA-182, reflected, initial value and final xor all ones. It is what Go's
/// <c>hash/crc64</c> calls ECMA, and what hashicorp's snapshots carry.
/// </summary>
/// <remarks>Eight bytes a step, each through a table of its own (Kounavis and Berry, "slicing-by-8").</remarks>
internal static class Crc64
{
    private const ulong Polynomial = 0xC96C_5795_D787_0F42;
    private const int TableCount = 8;
    private const int TableSize = 256;

    private static readonly ulong[] Tables = MakeTables();

    /// <summary>The checksum of some bytes that follow others.</summary>
    /// <param name="before">The checksum of what stands before them; 0 for nothing.</param>
    /// <param name="bytes">The bytes.</param>
    /// <returns>The checksum of all of them.</returns>
    public static ulong Of(ulong before, ReadOnlySpan<byte> bytes)
    {
        ulong state = ~before;
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

        return ~state;
    }

    // Table k says what a byte does to the state when k more bytes follow it.
    private static ulong[] MakeTables()
    {
        ulong[] tables = new ulong[TableCount * TableSize];
        for (int value = 0; value < TableSize; value++)
        {
            ulong state = (ulong)value;
            for (int bit = 0; bit < 8; bit++)
            {
                state = (state & 1) != 0 ? (state >> 1) ^ Polynomial : state >> 1;
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
