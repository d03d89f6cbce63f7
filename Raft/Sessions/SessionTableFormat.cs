using System.Buffers.Binary;
using System.Numerics;

namespace Raft;

/// <summary>The numbers of a table's bytes, which docs/formats.md describes.</summary>
internal static class SessionTableFormat
{
    /// <summary>The first bytes.</summary>
    public static ReadOnlySpan<byte> Magic => "RAFTSESS"u8;

    /// <summary>The version behind them.</summary>
    public const uint Version = 1;

    /// <summary>Magic, version, and their checksum.</summary>
    public const int HeadBytes = 16;

    /// <summary>The head's part that its checksum covers.</summary>
    public const int HeadCheckedBytes = 12;

    /// <summary>Last index, forgotten index and the count of sessions.</summary>
    public const int SummaryBytes = 8 + 8 + 4;

    /// <summary>A session's numbers and lengths, before its name and its result.</summary>
    public const int EntryBytes = 8 + 8 + 8 + 2 + 4;

    /// <summary>The checksum at the end.</summary>
    public const int ChecksumBytes = 4;

    /// <summary>CRC-32C, as in all files of this library, of bytes behind others.</summary>
    /// <param name="before">The checksum of the bytes before; 0 at the beginning.</param>
    /// <param name="bytes">The bytes.</param>
    /// <returns>The checksum of all of them.</returns>
    public static uint Checksum(uint before, ReadOnlySpan<byte> bytes)
    {
        uint crc = ~before;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (byte one in bytes)
        {
            crc = BitOperations.Crc32C(crc, one);
        }

        return ~crc;
    }
}
