namespace Raft.Stores.LiteDb.Files;

/// <summary>
/// The log as LiteDB gets it: pages are appended, and with the last one of a transaction all of them are durable. Its flush
/// has nothing to do.
/// </summary>
internal sealed class LogStream(FrameLog log, DataFile data) : PageStream
{
    /// <inheritdoc/>
    protected override long PageCount => log.PageCount;

    /// <inheritdoc/>
    public override void Flush()
    {
        // What is confirmed is durable already, and what is not must not be.
    }

    /// <summary>Empties the log, durably, at the end of a checkpoint; it knows no other length.</summary>
    /// <param name="value">Zero, or the length that it has.</param>
    public override void SetLength(long value)
    {
        if (value == Length)
        {
            return;
        }

        if (value != 0 || log.HasUnconfirmed)
        {
            throw Refuse($"its length was to become {value} instead of {Length}, with {(log.HasUnconfirmed ? "an" : "no")} open transaction");
        }

        if (!data.IsSynced || log.NewestSums.Any(page => data.SumOf(page.Key) != page.Value))
        {
            throw Refuse("it was to become empty before the newest version of each of its pages was synced in the data file");
        }

        log.BeginGeneration();
    }

    /// <inheritdoc/>
    protected override void ReadPage(long index, Span<byte> page)
    {
        if (index >= PageCount)
        {
            throw new StoreException($"Page {index} of a log of {PageCount} pages was asked for.");
        }

        log.Read((int)index, page);
    }

    /// <inheritdoc/>
    protected override void WritePage(long index, ReadOnlySpan<byte> page)
    {
        if (index != PageCount)
        {
            throw Refuse($"page {index} was to be written over, in a log of {PageCount} pages");
        }

        log.Append(page);
    }

    /// <inheritdoc/>
    protected override StoreException Refuse(string what) => log.Refuse(what);
}
