using System.Buffers.Binary;
using Raft.Stores.Bolt.Format;

namespace Raft.Stores.Bolt.Reading;

/// <summary>Reads which pages are free.</summary>
internal static class FreelistScan
{
    /// <summary>Stands in the header's count where the list is longer; its length is then its first number.</summary>
    private const int LongCount = 0xFFFF;

    /// <summary>Notes all free pages, and those that the list itself takes.</summary>
    /// <exception cref="CorruptStoreException">It is no list, or names a page that has another use.</exception>
    public static async ValueTask RunAsync(PageReader pages, ulong page, PageUse use)
    {
        PageRun run = await pages.ReadAsync(page, new PageBuffer(), use);
        if (run.Header.Kind != PageKind.Freelist)
        {
            throw run.Place.Refuse($"it is of kind {(ushort)run.Header.Kind:x} where the free list is to be");
        }

        ReadOnlySpan<byte> list = run.Bytes.Span[PageHeader.Bytes..];
        ulong count = (ulong)run.Header.Count;
        if (count == LongCount)
        {
            count = BinaryPrimitives.ReadUInt64LittleEndian(list);
            list = list[sizeof(ulong)..];
        }

        if (count > (ulong)list.Length / sizeof(ulong))
        {
            throw run.Place.Refuse($"a free list of {count} pages does not fit into it");
        }

        for (int i = 0; i < (int)count; i++)
        {
            use.Take(BinaryPrimitives.ReadUInt64LittleEndian(list[(i * sizeof(ulong))..]), further: 0);
        }
    }
}
