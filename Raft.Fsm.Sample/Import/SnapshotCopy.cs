namespace Raft.Fsm.Sample.Import;

/// <summary>Copies snapshots, to the byte, from one node's directory to another's. Durable on return.</summary>
internal static class SnapshotCopy
{
    private const int BufferBytes = 1 << 20;

    private static readonly string[] Files = ["meta.json", "state.bin"];

    /// <summary>Copies snapshots; a directory has a snapshot's name only when all of it is durable.</summary>
    public static async Task CopyAsync(IReadOnlyList<SnapshotMeta> snapshots, string from, string to, IDisk disk)
    {
        string target = Path.Combine(to, GoSnapshots.Folder);
        await disk.CreateDirectoryAsync(target);
        foreach (SnapshotMeta snapshot in snapshots)
        {
            string unfinished = Path.Combine(target, $"{snapshot.Id}.tmp");
            await disk.CreateDirectoryAsync(unfinished);
            foreach (string name in Files)
            {
                await CopyAsync(Path.Combine(from, GoSnapshots.Folder, snapshot.Id, name), Path.Combine(unfinished, name), disk);
            }

            await disk.SyncDirectoryAsync(unfinished);
            await disk.RenameDirectoryAsync(unfinished, Path.Combine(target, snapshot.Id));
        }

        await disk.SyncDirectoryAsync(target);
    }

    /// <summary>Deletes what an interrupted run has copied.</summary>
    public static async Task DeleteAsync(string directory, IDisk disk)
    {
        string target = Path.Combine(directory, GoSnapshots.Folder);
        IReadOnlyList<string> names = await disk.ListDirectoriesAsync(target);
        foreach (string name in names)
        {
            await disk.DeleteDirectoryAsync(Path.Combine(target, name));
        }

        if (names.Count > 0)
        {
            await disk.SyncDirectoryAsync(target);
        }
    }

    private static async Task CopyAsync(string from, string to, IDisk disk)
    {
        await using IDiskFile source = await disk.OpenAsync(from, DiskOpenMode.Existing);
        await using IDiskFile target = await disk.OpenAsync(to, DiskOpenMode.New);
        byte[] buffer = new byte[BufferBytes];
        long offset = 0;
        for (int read; (read = await source.ReadAtAsync(offset, buffer)) > 0; offset += read)
        {
            await target.WriteAtAsync(offset, buffer.AsMemory(0, read));
        }

        await target.SyncDataAsync();
    }
}
