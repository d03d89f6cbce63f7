using Raft.Stores.Bolt.Format;

namespace Raft.Stores.Bolt.Reading;

/// <summary>A file that was read from end to end, and in which everything stands where it must.</summary>
/// <param name="Pages">Reads its pages again.</param>
/// <param name="Log">What stands in the bucket of entries.</param>
/// <param name="Conf">What stands in the bucket of term and vote.</param>
/// <param name="ConfPlace">Where term and vote stand.</param>
/// <param name="IsFreelistOnDisk">Whether it could be seen that each page has a use or is free.</param>
internal sealed record BoltFile(PageReader Pages, LogScan Log, ConfScan Conf, Place ConfPlace, bool IsFreelistOnDisk)
{
    /// <summary>The meta pages of a file that Bolt has just made are those of transactions 0 and 1.</summary>
    private const ulong FirstTransaction = 2;

    /// <summary>Reads a file. Changes nothing.</summary>
    /// <exception cref="CorruptStoreException">It is damaged.</exception>
    /// <exception cref="StoreException">It is of another version.</exception>
    public static async ValueTask<BoltFile> ReadAsync(IBoltSource source)
    {
        MetaPage meta = await ReadMetaAsync(source);
        var pages = new PageReader(source, meta.PageBytes, meta.HighWater);
        var use = new PageUse(source.Path, meta.HighWater);
        use.Take(first: 0, further: 1);
        bool isFreelistOnDisk = meta.FreelistPage != MetaPage.NoFreelist;
        if (isFreelistOnDisk)
        {
            await FreelistScan.RunAsync(pages, meta.FreelistPage, use);
        }

        var walk = new TreeWalk(pages, use);
        var buckets = new BucketScan();
        Place root = pages.At(meta.RootPage);
        if (meta.TransactionId < FirstTransaction)
        {
            throw root.Refuse("nothing was written to it since Bolt made it, not even its buckets: the Go node was stopped at its first start");
        }

        await walk.RunAsync(new Bucket(meta.RootPage, default, root), buckets);
        if (buckets is not { Logs: { } logs, Conf: { } confBucket })
        {
            throw root.Refuse("one of the buckets 'logs' and 'conf' is missing: it is no file of hashicorp's raft-boltdb");
        }

        LogScan log = await LogScan.RunAsync(walk, logs);
        var conf = new ConfScan();
        await walk.RunAsync(confBucket, conf);
        if (isFreelistOnDisk)
        {
            use.RequireAllTaken();
        }

        return new BoltFile(pages, log, conf, conf.Place ?? confBucket.Place, isFreelistOnDisk);
    }

    /// <summary>Reads both meta pages, and gives the newer.</summary>
    private static async ValueTask<MetaPage> ReadMetaAsync(IBoltSource source)
    {
        long length = await source.GetLengthAsync();
        MetaPage first = await ReadMetaAsync(source, page: 0, offset: 0);
        MetaPage second = await ReadMetaAsync(source, page: 1, offset: first.PageBytes);
        (MetaPage newer, MetaPage older) = first.TransactionId > second.TransactionId ? (first, second) : (second, first);
        var place = new Place(source.Path, newer == first ? 0UL : 1UL);
        if (newer.PageBytes != older.PageBytes || newer.HighWater < older.HighWater
            || newer.TransactionId - older.TransactionId != 1)
        {
            throw place.Refuse(
                $"the two meta pages contradict each other: transaction {newer.TransactionId} with {newer.HighWater} pages of "
                + $"{newer.PageBytes} bytes, transaction {older.TransactionId} with {older.HighWater} of {older.PageBytes}");
        }

        return newer.HighWater <= (ulong)(length / newer.PageBytes)
            ? newer
            : throw place.Refuse(
                $"it counts {newer.HighWater} pages of {newer.PageBytes} bytes, but the file has {length} bytes: it was cut off");
    }

    private static async ValueTask<MetaPage> ReadMetaAsync(IBoltSource source, ulong page, long offset)
    {
        var place = new Place(source.Path, page);
        byte[] bytes = new byte[MetaPage.Bytes];
        int read = await source.ReadAtAsync(offset, bytes);
        return read == bytes.Length
            ? MetaPage.Read(bytes, place)
            : throw place.Refuse($"the file ends within this meta page, at byte {offset + read}");
    }
}
