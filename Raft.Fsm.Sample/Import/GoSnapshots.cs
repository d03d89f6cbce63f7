using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Import;

/// <summary>The snapshots of a Go node, all of which were read to their end.</summary>
/// <param name="Store">Where they are; nothing is changed there.</param>
/// <param name="Whole">Those that are whole, the newest first.</param>
/// <param name="LeftOut">The names of those that are not.</param>
internal sealed record GoSnapshots(FileSnapshotStore Store, IReadOnlyList<SnapshotMeta> Whole, IReadOnlyList<string> LeftOut)
{
    /// <summary>Where they lie within a node's directory.</summary>
    public const string Folder = "snapshots";

    private const int BufferBytes = 1 << 20;

    /// <summary>Reads all of them, and changes nothing.</summary>
    /// <exception cref="CorruptStoreException">The newest is damaged.</exception>
    public static async Task<GoSnapshots> ReadAsync(string directory, IDisk disk)
    {
        FileSnapshotStore store = await FileSnapshotStore.OpenAsync(
            directory, new UnchangedDisk(disk), new FileSnapshotOptions { Retain = int.MaxValue });
        var whole = new List<SnapshotMeta>();
        foreach (SnapshotMeta snapshot in await store.ListAsync())
        {
            try
            {
                await RequireWholeAsync(store, snapshot);
                whole.Add(snapshot);
            }
            catch (StoreException damaged) when (whole.Count == 0)
            {
                throw new CorruptStoreException(
                    $"its newest snapshot, {snapshot.Id}, is damaged: {damaged.Message.TrimEnd('.')}. Nothing was changed. If the log reaches "
                    + $"back to an older one, move {Path.Combine(directory, Folder, snapshot.Id)} elsewhere and run this again",
                    damaged);
            }
            catch (StoreException)
            {
                // An older one is not needed; it is named among those that are left out.
            }
        }

        IEnumerable<string> names = await disk.ListDirectoriesAsync(Path.Combine(directory, Folder));
        return new GoSnapshots(store, whole, [.. names.Except(whole.Select(s => s.Id))]);
    }

    /// <summary>Reads a snapshot to its end, which is not reported before its checksum is right.</summary>
    /// <exception cref="StoreException">It is damaged.</exception>
    public static async Task RequireWholeAsync(FileSnapshotStore store, SnapshotMeta snapshot)
    {
        await using ISnapshotSource source = await store.OpenAsync(snapshot.Id);
        byte[] buffer = new byte[BufferBytes];
        while (await source.ReadAsync(buffer) > 0)
        {
            // Only that it can be read is asked.
        }
    }
}
