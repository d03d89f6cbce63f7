using System.Buffers.Binary;
using Raft.Stores.Wal.Format;

namespace Raft.Stores.Wal.Stable;

/// <summary>One copy of one generation of a small record, such as that of term and vote, in a sector of its own.</summary>
/// <param name="Salt">Drawn for the file.</param>
/// <param name="Sequence">How often the record had been saved; the highest one counts.</param>
/// <param name="Payload">The encoded record; empty where there is none yet.</param>
internal sealed record RecordSlot(ulong Salt, ulong Sequence, ReadOnlyMemory<byte> Payload)
{
    /// <summary>What a disk writes whole or not at all, or at worst destroys at once.</summary>
    public const int SectorBytes = 4096;

    /// <summary>The most that a record may have.</summary>
    public const int PayloadBytesMax = SectorBytes - HeadBytes;

    public const uint Version = 1;

    public const int HeadBytes = 40;

    /// <summary>Writes the copy.</summary>
    /// <param name="sector">The sector, all of it.</param>
    /// <param name="magic">What says which record it is.</param>
    public void Write(Span<byte> sector, ReadOnlySpan<byte> magic)
    {
        sector.Clear();
        FormatHead.Write(sector, magic, Version);
        BinaryPrimitives.WriteUInt64LittleEndian(sector[16..], Salt);
        BinaryPrimitives.WriteUInt64LittleEndian(sector[24..], Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(sector[32..], (uint)Payload.Length);
        Payload.Span.CopyTo(sector[HeadBytes..]);
        BinaryPrimitives.WriteUInt32LittleEndian(sector[36..], ChecksumOf(sector, Payload.Length));
    }

    /// <summary>Reads a copy.</summary>
    /// <param name="sector">The sector.</param>
    /// <param name="magic">What says which record it is.</param>
    /// <param name="path">The file, for the message.</param>
    /// <param name="isChecked">Whether it must have been written at once, by its checksum; always in production.</param>
    /// <returns>The copy, or null where none stands there whole.</returns>
    /// <exception cref="StoreException">It is of another format version.</exception>
    public static RecordSlot? Read(ReadOnlyMemory<byte> sector, ReadOnlySpan<byte> magic, string path, bool isChecked)
    {
        ReadOnlySpan<byte> bytes = sector.Span;
        if (bytes.Length < HeadBytes || !FormatHead.IsWhole(bytes, magic, Version, path))
        {
            return null;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[32..]);
        if (!isChecked && length > 0)
        {
            // The head may be of another record than what follows, and so not know how long that is.
            length = (uint)(bytes.Length - HeadBytes);
        }

        return !isChecked || (length <= bytes.Length - HeadBytes
            && BinaryPrimitives.ReadUInt32LittleEndian(bytes[36..]) == ChecksumOf(bytes, (int)length))
            ? new RecordSlot(
                BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
                sector.Slice(HeadBytes, (int)length))
            : null;
    }

    private static uint ChecksumOf(ReadOnlySpan<byte> sector, int length) =>
        Checksum.Of(Checksum.Of(0, sector[..36]), sector.Slice(HeadBytes, length));
}
