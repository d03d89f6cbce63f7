using System.Buffers.Binary;
using Raft.Stores.Wal.Format;

namespace Raft.Stores.LiteDb.Files;

/// <summary>The head of a frame: the pages of one transaction, written and synced together, each frame before the next.</summary>
/// <param name="Number">One more than the frame before; the first of a generation is 0.</param>
/// <param name="PageCount">How many pages follow.</param>
/// <param name="Transaction">LiteDB's number of the transaction.</param>
/// <param name="Follows">The checksum of the frame's header before; 0 in the first.</param>
/// <param name="PagesSum">The checksum of the pages' checksums, in the pages' order.</param>
internal readonly record struct FrameHeader(ulong Number, uint PageCount, uint Transaction, uint Follows, uint PagesSum)
{
    /// <summary>How much of its block the header takes; the rest are zeros.</summary>
    public const int Bytes = 32;

    /// <summary>Frames begin at multiples of this, and their pages so much behind.</summary>
    public const int BlockBytes = 4096;

    private const uint Magic = 0xE19D_4B67;

    /// <summary>How long a frame of so many pages is.</summary>
    public static long FrameBytes(long pageCount) => BlockBytes + (pageCount * DatabasePage.Bytes);

    /// <summary>The checksum of pages' checksums, with one more behind them.</summary>
    public static uint Join(uint pagesSum, uint sum)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, sum);
        return Checksum.Of(pagesSum, bytes);
    }

    /// <summary>Writes the header.</summary>
    /// <param name="block">Where the frame will begin; what of it the header does not take must be zero.</param>
    /// <param name="salt">The generation's salt.</param>
    /// <param name="offset">Where in the file the frame will begin.</param>
    /// <returns>The header's checksum, which the next frame names.</returns>
    public uint Write(Span<byte> block, ulong salt, long offset)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(block, Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(block[8..], Number);
        BinaryPrimitives.WriteUInt32LittleEndian(block[16..], PageCount);
        BinaryPrimitives.WriteUInt32LittleEndian(block[20..], Transaction);
        BinaryPrimitives.WriteUInt32LittleEndian(block[24..], Follows);
        BinaryPrimitives.WriteUInt32LittleEndian(block[28..], PagesSum);
        uint checksum = ChecksumOf(block, salt, offset);
        BinaryPrimitives.WriteUInt32LittleEndian(block[4..], checksum);
        return checksum;
    }

    /// <summary>Reads a header.</summary>
    /// <param name="block">What stands at the offset.</param>
    /// <param name="salt">The generation's salt.</param>
    /// <param name="offset">Where in the file it stands.</param>
    /// <param name="header">The header.</param>
    /// <param name="checksum">Its checksum.</param>
    /// <returns>Whether a whole header of this generation and this place stands there.</returns>
    public static bool TryRead(ReadOnlySpan<byte> block, ulong salt, long offset, out FrameHeader header, out uint checksum)
    {
        header = default;
        checksum = 0;
        if (block.Length < Bytes || BinaryPrimitives.ReadUInt32LittleEndian(block) != Magic)
        {
            return false;
        }

        checksum = ChecksumOf(block, salt, offset);
        header = new FrameHeader(
            Number: BinaryPrimitives.ReadUInt64LittleEndian(block[8..]),
            PageCount: BinaryPrimitives.ReadUInt32LittleEndian(block[16..]),
            Transaction: BinaryPrimitives.ReadUInt32LittleEndian(block[20..]),
            Follows: BinaryPrimitives.ReadUInt32LittleEndian(block[24..]),
            PagesSum: BinaryPrimitives.ReadUInt32LittleEndian(block[28..]));
        return BinaryPrimitives.ReadUInt32LittleEndian(block[4..]) == checksum;
    }

    // Salt and place go in, so that no header of an earlier generation and no copy in a page ever passes for one.
    private static uint ChecksumOf(ReadOnlySpan<byte> block, ulong salt, long offset) =>
        Checksum.Of(Checksum.Of(Checksum.Of(0, salt), (ulong)offset), block[8..Bytes]);
}
