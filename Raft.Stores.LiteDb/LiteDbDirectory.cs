namespace Raft.Stores.LiteDb;

/// <summary>The directory, within a node's own, that a store lives in: whether it is there, and how it goes.</summary>
internal static class LiteDbDirectory
{
    /// <summary>The name of a store that was made completely.</summary>
    public const string Name = "litedb";

    /// <summary>The name of one that is being made, or is on its way out. It is no store.</summary>
    public const string NewName = "litedb.tmp";

    /// <summary>The lock file, beside the store: it stays when the store goes.</summary>
    public const string Lock = "litedb.lock";

    /// <summary>Whether a directory holds a store.</summary>
    /// <exception cref="StoreException">The directory cannot be read.</exception>
    public static async ValueTask<bool> ExistsAsync(string directory, IDisk disk)
    {
        try
        {
            return (await disk.ListDirectoriesAsync(directory)).Contains(Name);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The directory {directory} cannot be read: {failure.Message}", failure);
        }
    }

    /// <summary>Deletes a store that nobody uses, and what was half made of one.</summary>
    /// <exception cref="StoreException">The store is in use, or the disk failed.</exception>
    public static async ValueTask DeleteAsync(string directory, IDisk disk)
    {
        try
        {
            IReadOnlyList<string> held = await disk.ListDirectoriesAsync(directory);
            if (held.Contains(Name) || held.Contains(NewName))
            {
                using IDisposable directoryLock = await disk.LockAsync(Path.Combine(directory, Lock));
                await DeleteAsync(directory, held, disk);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The store in {Path.Combine(directory, Name)} cannot be deleted: {failure.Message}", failure);
        }
    }

    private static async ValueTask DeleteAsync(string directory, IReadOnlyList<string> held, IDisk disk)
    {
        string newName = Path.Combine(directory, NewName);
        await disk.DeleteDirectoryAsync(newName);
        await disk.SyncDirectoryAsync(directory);
        if (held.Contains(Name))
        {
            // By its name it is whole or no store at all, wherever the power goes.
            await disk.RenameDirectoryAsync(Path.Combine(directory, Name), newName);
            await disk.SyncDirectoryAsync(directory);
            await disk.DeleteDirectoryAsync(newName);
            await disk.SyncDirectoryAsync(directory);
        }
    }
}
