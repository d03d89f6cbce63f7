using Raft.Stores.Wal;

namespace Raft.Stores.LiteDb.Files;

/// <summary>
/// LiteDB's data file, with a checksum for each page. Owned by the thread that uses the database.
/// </summary>
internal sealed class DataFile(FusedFile file, PageSums sums)
{
    /// <summary>How many pages it has.</summary>
    public uint PageCount => sums.PageCount;

    /// <summary>Whether all that was written is durable.</summary>
    public bool IsSynced { get; private set; } = true;

    /// <summary>The checksum of a page, or 0 where it was never written.</summary>
    public uint SumOf(uint id) => sums[id];

    /// <summary>Reads a page.</summary>
    /// <exception cref="CorruptStoreException">It is not what was written, or nothing was.</exception>
    public void Read(long id, Span<byte> page)
    {
        long offset = id * DatabasePage.Bytes;
        uint sum = id < PageCount ? sums[(uint)id] : 0;
        if (sum == 0)
        {
            throw Damage.At(file.Path, offset, $"page {id} is asked for, and was never written");
        }

        if (file.ReadAt(offset, page) < page.Length || DatabasePage.Sum(sums.StoreId, (uint)id, page) != sum)
        {
            throw Damage.At(file.Path, offset, $"page {id} is not what was written, or its checksum in {sums.FilePath} is not");
        }
    }

    /// <summary>Writes a page to its place; durable, with its checksum, only after <see cref="Sync"/>.</summary>
    public void Write(ReadOnlySpan<byte> page)
    {
        uint id = DatabasePage.Id(page);
        IsSynced = false;
        sums.Set(id, DatabasePage.Sum(sums.StoreId, id, page));
        file.WriteAt((long)id * DatabasePage.Bytes, page);
    }

    /// <summary>Makes all pages and their checksums durable.</summary>
    public void Sync()
    {
        file.RequireSound();
        if (!IsSynced)
        {
            sums.Write();
            file.Sync();
            sums.Sync();
            IsSynced = true;
        }
    }

    /// <summary>Refuses what LiteDB is not known to do with its data file, and all that comes after.</summary>
    public StoreException Refuse(string what) => file.Refuse(what);
}
