namespace Raft.Fsm.Sample.Import;

/// <summary>Copies snapshots, to the byte, from one node's directory to another's. Durable on return.</summary>
internal static class SnapshotCopy
{
    private const int BufferBytes = 1 << 20;
    private const string UnfinishedEnd = ".tmp";

    private static readonly string[] Files = ["meta.json", "state.bin"];

    /// <summary>Copies snapshots; a directory has a snapshot's name only when all of it is durable.</summary>
    public static async Task CopyAsync(IReadOnlyList<SnapshotMeta> snapshots, string from, string to, IDisk disk)
    {
        string target = Path.Combine(to, GoSnapshots.Folder);
        await disk.CreateDirectoryAsync(target);
        foreach (SnapshotMeta snapshot in snapshots)
        {
            string unfinished = Path.Combine(target, snapshot.Id + UnfinishedEnd);
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

    /// <summary>Deletes what an interrupted run has copied, and nothing else.</summary>
    /// <param name="snapshots">What is copied.</param>
    /// <param name="directory">The directory that it is copied to.</param>
    /// <param name="disk">The disk.</param>
    /// <exception cref="StoreException">There are others, which a node would take for its own. None was deleted.</exception>
    public static async Task DeleteAsync(IReadOnlyList<SnapshotMeta> snapshots, string directory, IDisk disk)
    {
        string target = Path.Combine(directory, GoSnapshots.Folder);
        IReadOnlyList<string> names = await disk.ListDirectoriesAsync(target);
        string[] others = [.. names.Where(n => !n.EndsWith(UnfinishedEnd, StringComparison.Ordinal)).Except(snapshots.Select(s => s.Id))];
        if (others.Length > 0)
        {
            throw new StoreException(
                $"{target} holds snapshots that this Go node does not have, {string.Join(", ", others)}; move them out of the directory.");
        }

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
