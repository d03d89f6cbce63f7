namespace Raft.Fsm.Sample.Stores;

/// <summary>Small files that are replaced whole: after a power cut there is the old one or the new one.</summary>
internal static class DurableFile
{
    /// <summary>Writes a file in the place of the one before. Durable on return.</summary>
    /// <param name="directory">Where it stands.</param>
    /// <param name="name">Its name.</param>
    /// <param name="temporary">The name that it has until it is whole.</param>
    /// <param name="bytes">What it holds.</param>
    /// <param name="disk">The disk.</param>
    public static async ValueTask ReplaceAsync(
        string directory, string name, string temporary, ReadOnlyMemory<byte> bytes, IDisk disk)
    {
        string unfinished = Path.Combine(directory, temporary);
        await disk.DeleteAsync(unfinished);
        await using (IDiskFile file = await disk.OpenAsync(unfinished, DiskOpenMode.New))
        {
            await file.WriteAndSyncAsync(0, bytes);
        }

        await disk.RenameAsync(unfinished, Path.Combine(directory, name));
        await disk.SyncDirectoryAsync(directory);
    }
}
