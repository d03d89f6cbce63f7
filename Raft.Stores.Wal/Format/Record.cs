using System.Buffers.Binary;

namespace Raft.Stores.Wal.Format;

/// <summary>
/// One record: a word of type and length, a checksum, the payload, and zeros up to the next multiple of eight. The
/// checksum begins from that of the record before, so that a record is whole only behind the one it was written behind.
/// </summary>
internal static class Record
{
    public const int HeadBytes = 8;
    public const int Alignment = 8;

    /// <summary>The most that a payload may have: the length's 28 bits.</summary>
    public const int PayloadBytesMax = (1 << TypeShift) - 1;

    private const int TypeShift = 28;

    /// <summary>How many bytes a record takes.</summary>
    public static int Size(int payloadBytes) => (HeadBytes + payloadBytes + Alignment - 1) & -Alignment;

    /// <summary>Writes a record.</summary>
    /// <param name="destination">Where; at least <see cref="Size"/> bytes.</param>
    /// <param name="type">Its type.</param>
    /// <param name="payload">Its payload.</param>
    /// <param name="chain">The checksum of what stands before it.</param>
    /// <returns>Its own checksum.</returns>
    public static uint Write(Span<byte> destination, RecordType type, ReadOnlySpan<byte> payload, uint chain)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, ((uint)type << TypeShift) | (uint)payload.Length);
        payload.CopyTo(destination[HeadBytes..]);
        destination[(HeadBytes + payload.Length)..Size(payload.Length)].Clear();
        uint checksum = Checksum.Of(Checksum.Of(chain, destination[..4]), payload);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], checksum);
        return checksum;
    }

    /// <summary>Reads a record's head; whether it is true shows only with the payload.</summary>
    /// <returns>Whether there is a head of a known type.</returns>
    public static bool TryReadHead(ReadOnlySpan<byte> source, out RecordType type, out int payloadBytes)
    {
        uint word = source.Length < HeadBytes ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(source);
        type = (RecordType)(word >> TypeShift);
        payloadBytes = (int)(word & PayloadBytesMax);
        return type is RecordType.Entry or RecordType.Truncation;
    }

    /// <summary>The checksum that a record carries.</summary>
    public static uint StoredChecksum(ReadOnlySpan<byte> source) => BinaryPrimitives.ReadUInt32LittleEndian(source[4..]);

    /// <summary>Whether a record is whole, and the one that was written behind the record with that checksum.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> source, int payloadBytes, uint chain) =>
        source.Length >= HeadBytes + payloadBytes
        && StoredChecksum(source) == Checksum.Of(Checksum.Of(chain, source[..4]), source.Slice(HeadBytes, payloadBytes));
}
