using System.Buffers.Binary;
using System.Numerics;

namespace Raft.Stores.Wal.Format;

/// <summary>CRC-32C, as iSCSI defines it (RFC 3720 appendix B.4), by the processor's own instruction.</summary>
internal static class Checksum
{
    /// <summary>The checksum of some bytes that follow others.</summary>
    /// <param name="before">The checksum of what stands before them; 0 for nothing.</param>
    /// <param name="bytes">The bytes.</param>
    /// <returns>The checksum of all of them.</returns>
    public static uint Of(uint before, ReadOnlySpan<byte> bytes)
    {
        uint state = ~before;
        while (bytes.Length >= sizeof(ulong))
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte value in bytes)
        {
            state = BitOperations.Crc32C(state, value);
        }

        return ~state;
    }

    /// <summary>The checksum of a number, least byte first, that follows other bytes.</summary>
    public static uint Of(uint before, ulong number) => ~BitOperations.Crc32C(~before, number);
}
