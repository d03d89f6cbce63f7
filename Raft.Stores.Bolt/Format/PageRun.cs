namespace Raft.Stores.Bolt.Format;

/// <summary>A page with the pages that belong to it, which lie behind it. A view of a buffer of whoever had it read.</summary>
/// <param name="Place">Which page it is.</param>
/// <param name="Header">Its header, which names the place that it was read from.</param>
/// <param name="Bytes">All of it, the header included.</param>
internal readonly record struct PageRun(Place Place, PageHeader Header, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Refuses a run that has more or fewer pages than its content needs.</summary>
    /// <param name="usedBytes">How many bytes the content takes, the header included.</param>
    /// <param name="pageBytes">How many bytes a page has.</param>
    public void RequireFit(int usedBytes, int pageBytes)
    {
        // Up to version 1.3.5, Bolt took one page more where the content filled the pages exactly.
        int pages = Bytes.Length / pageBytes;
        if (pages != (usedBytes + pageBytes - 1) / pageBytes && pages != (usedBytes / pageBytes) + 1)
        {
            throw Place.Refuse($"its content takes {usedBytes} bytes, and it has {Header.Overflow} pages behind it");
        }
    }
}
