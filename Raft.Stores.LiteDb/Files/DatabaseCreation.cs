using Raft.Stores.Wal;

namespace Raft.Stores.LiteDb.Files;

/// <summary>
/// Makes a database in a directory of another name, and gives it its own when all of it is durable. That the name itself is, is
/// left to the opening that follows.
/// </summary>
internal static class DatabaseCreation
{
    /// <summary>Makes a database, with whatever is left of an earlier attempt out of the way.</summary>
    /// <param name="directory">The store's directory.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="nextSalt">Draws random numbers.</param>
    /// <param name="fuse">The store's fuse.</param>
    /// <param name="create">Makes a database in the empty streams, data and log, and closes it with an empty log.</param>
    /// <param name="growthBytes">In what steps the log's file is made longer.</param>
    public static async ValueTask RunAsync(
        string directory, IDisk disk, Func<ulong> nextSalt, WriteFuse fuse, Action<Stream, Stream> create, long growthBytes)
    {
        var places = new DatabasePlaces(Path.Combine(directory, LiteDbDirectory.NewName));
        await disk.DeleteDirectoryAsync(places.Directory);
        await disk.SyncDirectoryAsync(directory);
        await disk.CreateDirectoryAsync(places.Directory);

        // Closed before the directory is renamed: Windows renames none with open files.
        await using (OpenFiles files = await OpenFiles.OpenAsync(places, disk, DiskOpenMode.New, fuse))
        {
            Fill(files, nextSalt, create, growthBytes);
        }

        await disk.SyncDirectoryAsync(places.Directory);
        await disk.RenameDirectoryAsync(places.Directory, Path.Combine(directory, LiteDbDirectory.Name));
    }

    private static void Fill(OpenFiles files, Func<ulong> nextSalt, Action<Stream, Stream> create, long growthBytes)
    {
        ulong storeId = nextSalt();
        var sums = new PageSums(files.Sums);
        sums.Create(storeId);
        files.Frames.WriteZeros(0, FrameLog.FirstOffset + growthBytes);
        files.Frames.Sync();
        var record = new GenerationRecord(files.Frames);
        record.Create(storeId, nextSalt());
        var data = new DataFile(files.Data, sums);
        var log = new FrameLog(files.Frames, record, nextSalt, growthBytes);
        create(new DataStream(data, log, isNew: true), new LogStream(log, data));
        if (data.PageCount == 0 || !data.IsSynced || log.PageCount > 0)
        {
            throw new StoreException(
                $"The database in {files.Data.Path} was not made: it has {data.PageCount} pages, {(data.IsSynced ? "" : "not ")}synced, "
                + $"and {log.PageCount} pages in its log, which must be empty.");
        }
    }
}
