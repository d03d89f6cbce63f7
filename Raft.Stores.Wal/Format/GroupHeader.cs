using System.Buffers.Binary;

namespace Raft.Stores.Wal.Format;

/// <summary>The head of a group: records that were written and synced together, each group before the next.</summary>
/// <param name="Number">One more than the group before.</param>
/// <param name="Generation">How often the log had been opened when it was written.</param>
/// <param name="Term">The node's term, or that of the group before where the write did not know it.</param>
/// <param name="FirstIndex">The first entry's index, or the index from which a truncation drops.</param>
/// <param name="CommitIndex">A commit index known then; never above what is durable before this group.</param>
/// <param name="RecordBytes">How many bytes of records follow.</param>
/// <param name="RecordCount">How many records follow.</param>
/// <param name="Follows">The checksum of the record (or header) that it follows.</param>
internal readonly record struct GroupHeader(
    ulong Number, ulong Generation, ulong Term, ulong FirstIndex, ulong CommitIndex, uint RecordBytes, uint RecordCount,
    uint Follows)
{
    public const int Bytes = 64;

    /// <summary>First word of a header; its top four bits are no record's type.</summary>
    public const uint Magic = 0xF7A9_3D51;

    /// <summary>Writes the header.</summary>
    /// <param name="destination">Where the group will begin.</param>
    /// <param name="salt">The file's salt.</param>
    /// <param name="offset">Where in the file the group will begin.</param>
    /// <returns>The header's checksum, to which the first record is chained.</returns>
    public uint Write(Span<byte> destination, ulong salt, long offset)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], Number);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], Generation);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], Term);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[32..], FirstIndex);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[40..], CommitIndex);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[48..], RecordBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[52..], RecordCount);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[56..], Follows);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[60..], 0);
        uint checksum = ChecksumOf(destination, salt, offset);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], checksum);
        return checksum;
    }

    /// <summary>Reads a header.</summary>
    /// <param name="source">What stands at the offset.</param>
    /// <param name="salt">The file's salt.</param>
    /// <param name="offset">Where in the file it stands.</param>
    /// <param name="header">The header.</param>
    /// <param name="checksum">Its checksum.</param>
    /// <returns>Whether a whole header of this file and this place stands there.</returns>
    public static bool TryRead(
        ReadOnlySpan<byte> source, ulong salt, long offset, out GroupHeader header, out uint checksum)
    {
        header = default;
        checksum = 0;
        if (source.Length < Bytes || BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic)
        {
            return false;
        }

        checksum = ChecksumOf(source, salt, offset);
        header = new GroupHeader(
            Number: BinaryPrimitives.ReadUInt64LittleEndian(source[8..]),
            Generation: BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
            Term: BinaryPrimitives.ReadUInt64LittleEndian(source[24..]),
            FirstIndex: BinaryPrimitives.ReadUInt64LittleEndian(source[32..]),
            CommitIndex: BinaryPrimitives.ReadUInt64LittleEndian(source[40..]),
            RecordBytes: BinaryPrimitives.ReadUInt32LittleEndian(source[48..]),
            RecordCount: BinaryPrimitives.ReadUInt32LittleEndian(source[52..]),
            Follows: BinaryPrimitives.ReadUInt32LittleEndian(source[56..]));
        return BinaryPrimitives.ReadUInt32LittleEndian(source[4..]) == checksum;
    }

    // Salt and place go in, so that neither a stored value nor a copy of a header elsewhere ever passes for one.
    private static uint ChecksumOf(ReadOnlySpan<byte> source, ulong salt, long offset) =>
        Checksum.Of(Checksum.Of(Checksum.Of(0, salt), (ulong)offset), source[8..Bytes]);
}
