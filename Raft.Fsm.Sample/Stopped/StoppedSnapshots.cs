using Raft.Fsm.Sample.Import;
using Raft.Fsm.Sample.Kv;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Stopped;

/// <summary>The snapshots of a node that does not run.</summary>
/// <param name="Store">Where they are; nothing is changed there. Null where the newest cannot be read.</param>
/// <param name="Kept">All that have a whole description, the newest first.</param>
/// <param name="Damage">What is wrong, as far as the descriptions show it.</param>
internal sealed record StoppedSnapshots(FileSnapshotStore? Store, IReadOnlyList<SnapshotMeta> Kept, IReadOnlyList<string> Damage)
{
    private const string UnfinishedEnd = ".tmp";

    /// <summary>Reads their descriptions.</summary>
    /// <exception cref="StoreException">The disk failed.</exception>
    public static async Task<StoppedSnapshots> ReadAsync(string directory, ReadOnlyDisk disk)
    {
        FileSnapshotStore store;
        try
        {
            store = await FileSnapshotStore.OpenAsync(directory, disk, new FileSnapshotOptions { Retain = int.MaxValue });
        }
        catch (CorruptStoreException damaged)
        {
            return new StoppedSnapshots(Store: null, [], [damaged.Message]);
        }

        IReadOnlyList<SnapshotMeta> kept = await store.ListAsync();
        string folder = Path.Combine(directory, GoSnapshots.Folder);
        IEnumerable<string> unreadable = (await disk.ListDirectoriesAsync(folder))
            .Where(name => !name.EndsWith(UnfinishedEnd, StringComparison.Ordinal)).Except(kept.Select(s => s.Id));
        return new StoppedSnapshots(
            store, kept, [.. unreadable.Select(id => $"{Path.Combine(folder, id)} is no whole snapshot; a node passes over it")]);
    }

    /// <summary>Reads one to its end, with its checksum, and as a state of the key-value store.</summary>
    /// <returns>What is wrong with it; null where nothing is.</returns>
    public async Task<string?> CheckAsync(SnapshotMeta snapshot)
    {
        try
        {
            await using ISnapshotSource source = await Store!.OpenAsync(snapshot.Id);
            var stream = new SnapshotSourceStream(source);
            try
            {
                await KvSnapshotReader.ReadAsync(stream, into: null, CancellationToken.None);
                return null;
            }
            catch (InvalidDataException noState)
            {
                // Its checksum, at its end, says whether that is what was written.
                await stream.CopyToAsync(Stream.Null);
                return $"the snapshot {snapshot.Id} is as it was written, and no state of raftkv: {noState.Message}";
            }
        }
        catch (StoreException damaged)
        {
            return damaged.Message;
        }
    }
}
