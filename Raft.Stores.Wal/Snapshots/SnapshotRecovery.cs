namespace Raft.Stores.Wal.Snapshots;

/// <summary>Finds out which snapshots a directory holds after whatever happened to the process before.</summary>
internal sealed class SnapshotRecovery(SnapshotFolder folder)
{
    private const int MetaBytesMax = 16 << 20;

    private readonly IDisk _disk = folder.Disk;

    /// <summary>Removes what is unfinished, reads what is complete, and makes durable what was read.</summary>
    public async ValueTask RunAsync()
    {
        await _disk.CreateDirectoryAsync(folder.Root);
        foreach (string name in await _disk.ListDirectoriesAsync(folder.Root))
        {
            if (SnapshotFiles.IsUnfinished(name, out string id))
            {
                folder.Logger.UnfinishedSnapshotRemoved(folder.UnfinishedPathOf(id));
                folder.Catalog.Take(id);
                await folder.DiscardAsync(id);
            }
        }

        foreach (string name in await _disk.ListDirectoriesAsync(folder.Root))
        {
            if (!SnapshotFiles.IsUnfinished(name, out _))
            {
                folder.Catalog.Take(name);
                await TakeInAsync(name);
            }
        }

        await _disk.SyncDirectoryAsync(folder.Root);
    }

    private async ValueTask TakeInAsync(string id)
    {
        IDiskFile? meta = null;
        IDiskFile? state = null;
        try
        {
            StoredSnapshot snapshot;
            try
            {
                meta = await _disk.OpenAsync(Path.Combine(folder.PathOf(id), SnapshotFiles.Meta), DiskOpenMode.Existing);
                state = await _disk.OpenAsync(Path.Combine(folder.PathOf(id), SnapshotFiles.State), DiskOpenMode.Existing);
                snapshot = await ReadAsync(meta, id);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException)
            {
                // It is left as it is: someone may still make sense of it.
                folder.Logger.SnapshotLeftOut(folder.PathOf(id), failure.Message);
                return;
            }

            // After a kill, or a copy by hand, the page cache may hold what the disk never saw; a log may be cut on the
            // strength of it from now on.
            await state.SyncDataAsync();
            await meta.SyncDataAsync();
            await _disk.SyncDirectoryAsync(folder.PathOf(id));
            folder.Catalog.Add(snapshot);
        }
        finally
        {
            await CloseAsync(meta);
            await CloseAsync(state);
        }
    }

    private static async ValueTask<StoredSnapshot> ReadAsync(IDiskFile meta, string id)
    {
        long length = await meta.GetLengthAsync();
        if (length > MetaBytesMax)
        {
            throw new FormatException($"its description has {length} bytes, over the limit of {MetaBytesMax}");
        }

        byte[] encoded = new byte[(int)length];
        int read = await meta.ReadAtAsync(0, encoded);
        StoredSnapshot snapshot = SnapshotMetaEncoding.Decode(encoded.AsMemory(0, read));
        return snapshot.Meta.Id == id
            ? snapshot : throw new FormatException($"it describes itself as {snapshot.Meta.Id}");
    }

    private static ValueTask CloseAsync(IDiskFile? file) => file?.DisposeAsync() ?? ValueTask.CompletedTask;
}
