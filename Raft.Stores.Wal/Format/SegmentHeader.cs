using System.Buffers.Binary;

namespace Raft.Stores.Wal.Format;

/// <summary>The head of a segment: what the log was like when it began. Written and synced before anything else in it.</summary>
/// <param name="Salt">Drawn for this file alone; goes into the checksum of each group's header in it.</param>
/// <param name="Sequence">The segment's number, as in its name; the next segment has the next number.</param>
/// <param name="GroupNumber">The number that the first group in it will have.</param>
/// <param name="Generation">How often the log had been opened.</param>
/// <param name="NextIndex">The index behind the last entry, or 0 where the log was empty.</param>
/// <param name="CommitIndex">A commit index known then.</param>
/// <param name="FileBytes">How long the file was made, in zeros; it never gets shorter or longer.</param>
/// <param name="PreviousChain">The checksum of the last record before it, in the segment before.</param>
internal readonly record struct SegmentHeader(
    ulong Salt, ulong Sequence, ulong GroupNumber, ulong Generation, ulong NextIndex, ulong CommitIndex, ulong FileBytes,
    uint PreviousChain)
{
    /// <summary>The header's place in the file: groups begin behind it, on a page of their own.</summary>
    public const int PageBytes = 4096;

    /// <summary>How many bytes of the page are used.</summary>
    public const int Bytes = 80;

    public const uint Version = 1;

    private const int ChecksumAt = 76;

    private static ReadOnlySpan<byte> Magic => "RAFTWAL\n"u8;

    /// <summary>Writes the header.</summary>
    /// <returns>Its checksum, from which the file's chain of records begins.</returns>
    public uint Write(Span<byte> destination)
    {
        FormatHead.Write(destination, Magic, Version);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], Salt);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[32..], GroupNumber);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[40..], Generation);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[48..], NextIndex);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[56..], CommitIndex);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[64..], FileBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[72..], PreviousChain);
        uint checksum = Checksum.Of(0, destination[..ChecksumAt]);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[ChecksumAt..], checksum);
        return checksum;
    }

    /// <summary>Reads a header.</summary>
    /// <param name="source">The file's first bytes.</param>
    /// <param name="path">The file, for the message.</param>
    /// <param name="header">The header.</param>
    /// <param name="checksum">Its checksum.</param>
    /// <returns>Whether it is whole.</returns>
    /// <exception cref="StoreException">The file is of another format version.</exception>
    public static bool TryRead(ReadOnlySpan<byte> source, string path, out SegmentHeader header, out uint checksum)
    {
        header = default;
        checksum = 0;
        if (!FormatHead.IsWhole(source, Magic, Version, path) || source.Length < Bytes)
        {
            return false;
        }

        checksum = Checksum.Of(0, source[..ChecksumAt]);
        header = new SegmentHeader(
            Salt: BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
            Sequence: BinaryPrimitives.ReadUInt64LittleEndian(source[24..]),
            GroupNumber: BinaryPrimitives.ReadUInt64LittleEndian(source[32..]),
            Generation: BinaryPrimitives.ReadUInt64LittleEndian(source[40..]),
            NextIndex: BinaryPrimitives.ReadUInt64LittleEndian(source[48..]),
            CommitIndex: BinaryPrimitives.ReadUInt64LittleEndian(source[56..]),
            FileBytes: BinaryPrimitives.ReadUInt64LittleEndian(source[64..]),
            PreviousChain: BinaryPrimitives.ReadUInt32LittleEndian(source[72..]));
        return BinaryPrimitives.ReadUInt32LittleEndian(source[ChecksumAt..]) == checksum;
    }
}
