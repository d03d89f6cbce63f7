using System.Text;
using Raft.Stores.Wal;

namespace Raft.Tests.Support;

/// <summary>The files of a <see cref="FileSnapshotStore"/> on a <see cref="FaultDisk"/>.</summary>
internal static class SnapshotDirectory
{
    public const string Path = "/data";

    private const string Root = "/data/snapshots";

    public static string Meta(string id) => $"{Root}/{id}/meta.json";

    public static string State(string id) => $"{Root}/{id}/state.bin";

    public static ValueTask<FileSnapshotStore> OpenAsync(FaultDisk disk, FileSnapshotOptions? options = null) =>
        FileSnapshotStore.OpenAsync(Path, disk, options);

    /// <summary>The directories that are there, whatever they hold.</summary>
    public static ValueTask<IReadOnlyList<string>> NamesAsync(FaultDisk disk) => disk.ListDirectoriesAsync(Root);

    /// <summary>Puts a file there by hand.</summary>
    public static async Task PutAsync(FaultDisk disk, string path, byte[] content)
    {
        string directory = System.IO.Path.GetDirectoryName(path)!;
        await disk.CreateDirectoryAsync(directory);
        IDiskFile file = await disk.OpenAsync(path, DiskOpenMode.ExistingOrNew);
        disk.SetLength(path, 0);
        await file.WriteAndSyncAsync(0, content);
        await disk.SyncDirectoryAsync(directory);
    }

    /// <summary>Puts a snapshot there by hand.</summary>
    public static async Task PutAsync(FaultDisk disk, string id, string meta, byte[] state)
    {
        await PutAsync(disk, Meta(id), Encoding.UTF8.GetBytes(meta));
        await PutAsync(disk, State(id), state);
    }

    /// <summary>What a description looks like on disk.</summary>
    public static string MetaText(FaultDisk disk, string id) => Encoding.UTF8.GetString(disk.Content(Meta(id)));
}
