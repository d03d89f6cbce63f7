using System.Buffers.Binary;

namespace Raft.Stores.Bolt.Format;

/// <summary>The first 16 bytes of a page; they stand once, at the beginning, where several pages belong together.</summary>
/// <param name="Id">The page's number, as it says itself.</param>
/// <param name="Kind">What the page is for.</param>
/// <param name="Count">How many elements it has.</param>
/// <param name="Overflow">How many further pages belong to it.</param>
internal readonly record struct PageHeader(ulong Id, PageKind Kind, int Count, uint Overflow)
{
    /// <summary>How many bytes it takes.</summary>
    public const int Bytes = 16;

    /// <summary>Reads it; all bytes are some header.</summary>
    public static PageHeader Read(ReadOnlySpan<byte> page) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(page),
        (PageKind)BinaryPrimitives.ReadUInt16LittleEndian(page[8..]),
        BinaryPrimitives.ReadUInt16LittleEndian(page[10..]),
        BinaryPrimitives.ReadUInt32LittleEndian(page[12..]));
}
