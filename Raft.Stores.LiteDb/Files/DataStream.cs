namespace Raft.Stores.LiteDb.Files;

/// <summary>The data file as LiteDB gets it. Its flush is a checked sync.</summary>
/// <param name="data">The data file.</param>
/// <param name="log">The log, out of which alone the data file may change.</param>
/// <param name="isNew">Whether the database is being made: then pages are written that are in no log.</param>
internal sealed class DataStream(DataFile data, FrameLog log, bool isNew) : PageStream
{
    /// <inheritdoc/>
    protected override long PageCount => data.PageCount;

    /// <inheritdoc/>
    public override void Flush() => data.Sync();

    /// <inheritdoc/>
    public override void SetLength(long value)
    {
        if (value != Length)
        {
            throw Refuse($"its length was to become {value} instead of {Length}");
        }
    }

    /// <inheritdoc/>
    protected override void ReadPage(long index, Span<byte> page) => data.Read(index, page);

    /// <inheritdoc/>
    protected override void WritePage(long index, ReadOnlySpan<byte> page)
    {
        uint id = DatabasePage.Id(page);
        if (id != index || id >= DatabasePage.CountMax)
        {
            throw Refuse($"page {id} was to be written to the place of page {index}");
        }

        // After a crash in the middle of the write, the page is written again out of the log; so it must be there.
        if (!isNew && !log.NewestSums.ContainsKey(id))
        {
            throw Refuse($"page {id} was to be written, which no transaction in the log has changed");
        }

        data.Write(page);
    }

    /// <inheritdoc/>
    protected override StoreException Refuse(string what) => data.Refuse(what);
}
