using Raft.Stores.Bolt.Format;

namespace Raft.Stores.Bolt.Reading;

/// <summary>Reads pages with those that belong to them.</summary>
/// <param name="source">The file.</param>
/// <param name="pageBytes">How many bytes a page has.</param>
/// <param name="pages">How many pages there are; the file has them all.</param>
internal sealed class PageReader(IBoltSource source, int pageBytes, ulong pages)
{
    /// <summary>The most that a page has with those that belong to it; that is a few entries, each smaller than this.</summary>
    public const int RunBytesMax = 1 << 30;

    /// <summary>How many bytes a page has.</summary>
    public int PageBytes => pageBytes;

    /// <summary>The place of a page.</summary>
    public Place At(ulong page) => new(source.Path, page);

    /// <summary>Reads a page with those behind it that belong to it.</summary>
    /// <param name="page">Its number.</param>
    /// <param name="buffer">Where to; it is replaced where it is too small.</param>
    /// <param name="use">Where it is noted what pages are used for; null where that was done.</param>
    /// <returns>The pages, as a view of the buffer.</returns>
    /// <exception cref="CorruptStoreException">They cannot be read, or are not what stands in this place.</exception>
    public async ValueTask<PageRun> ReadAsync(ulong page, PageBuffer buffer, PageUse? use)
    {
        Place place = At(page);
        if (page >= pages)
        {
            throw place.Refuse($"it lies behind the last of {pages} pages");
        }

        long offset = (long)page * pageBytes;
        await FillAsync(place, offset, buffer.Take(pageBytes));
        PageHeader header = PageHeader.Read(buffer.Bytes.Span);
        if (header.Id != page)
        {
            throw place.Refuse($"it says that it is page {header.Id}");
        }

        // Before so many bytes are asked for: no page more than the file has, and none a second time.
        if (header.Overflow >= pages - page || ((long)header.Overflow + 1) * pageBytes > RunBytesMax)
        {
            throw place.Refuse($"{header.Overflow} pages are said to belong to it, of {pages} in all");
        }

        use?.Take(page, header.Overflow);
        if (header.Overflow > 0)
        {
            int bytes = (int)(header.Overflow + 1) * pageBytes;
            buffer.Grow(bytes);
            await FillAsync(place, offset + pageBytes, buffer.Bytes[pageBytes..]);
        }

        return new PageRun(place, header, buffer.Bytes);
    }

    private async ValueTask FillAsync(Place place, long offset, Memory<byte> buffer)
    {
        int read = await source.ReadAtAsync(offset, buffer);
        if (read < buffer.Length)
        {
            throw place.Refuse($"the file ends within it, at byte {offset + read}");
        }
    }
}
