namespace Raft.Stores.Wal.Snapshots;

/// <summary>Finds out which snapshots a directory holds after whatever happened to the process before.</summary>
internal sealed class SnapshotRecovery(SnapshotFolder folder)
{
    private const int MetaBytesMax = 16 << 20;

    private readonly IDisk _disk = folder.Disk;
    private (ulong Term, ulong Index, string Path, string Why)? _newestLeftOut;

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
        RefuseIfNewestIsLost();
    }

    /// <summary>
    /// The log gives way to the newest snapshot. Where that cannot even be described, nobody could tell that an older one,
    /// with what is left of the log, is not all that this server has acknowledged.
    /// </summary>
    private void RefuseIfNewestIsLost()
    {
        IReadOnlyList<SnapshotMeta> kept = folder.Catalog.List();
        (ulong Term, ulong Index) newest = kept.Count == 0 ? (0, 0) : (kept[0].Term, kept[0].Index);
        if (_newestLeftOut is { } lost && (lost.Term, lost.Index).CompareTo(newest) > 0)
        {
            throw new CorruptStoreException(
                $"{lost.Path} is the newest snapshot and cannot be read: {lost.Why.TrimEnd('.')}. The log may have given way to it, so that "
                + "an older one lacks what this server has acknowledged. Nothing was changed: restore it, or remove this "
                + "server from the cluster and add it again with an empty directory.");
        }
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
                NoteLeftOut(id, failure.Message);
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

    private void NoteLeftOut(string id, string why)
    {
        if (SnapshotFiles.TryParse(id, out ulong term, out ulong index)
            && (_newestLeftOut is not { } newest || (term, index).CompareTo((newest.Term, newest.Index)) > 0))
        {
            _newestLeftOut = (term, index, folder.PathOf(id), why);
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
        bool isNamed = SnapshotFiles.TryParse(id, out ulong term, out ulong index);
        return snapshot.Meta.Id == id && (!isNamed || (snapshot.Meta.Term == term && snapshot.Meta.Index == index))
            ? snapshot
            : throw new FormatException(
                $"it describes itself as {snapshot.Meta.Id}, of term {snapshot.Meta.Term} up to entry {snapshot.Meta.Index}");
    }

    private static ValueTask CloseAsync(IDiskFile? file) => file?.DisposeAsync() ?? ValueTask.CompletedTask;
}
