namespace Raft.Stores.Wal.Recovery;

/// <summary>Deletes the files of a store whose content stands elsewhere by now.</summary>
internal static class WalDeletion
{
    /// <summary>Whether a directory holds a store, whole or not.</summary>
    /// <exception cref="StoreException">The directory cannot be read.</exception>
    public static async ValueTask<bool> IsNeededAsync(string directory, IDisk disk)
    {
        try
        {
            return (await disk.ListAsync(directory)).Any(WalFiles.HoldsState);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The directory {directory} cannot be read: {failure.Message}", failure);
        }
    }

    /// <summary>Deletes everything but the lock file, whose name others may be waiting at.</summary>
    /// <exception cref="StoreException">The store is in use, or the disk failed.</exception>
    public static async ValueTask RunAsync(string directory, IDisk disk)
    {
        try
        {
            if ((await disk.ListAsync(directory)).Any(WalFiles.IsStores))
            {
                using IDisposable directoryLock = await disk.LockAsync(Path.Combine(directory, WalFiles.Lock));
                await DeleteAsync(directory, disk);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The store in {directory} cannot be deleted: {failure.Message}", failure);
        }
    }

    private static async ValueTask DeleteAsync(string directory, IDisk disk)
    {
        // A log without the record is refused, so that no part of a log is ever taken for a whole one. The record goes first,
        // and with it the values: without a log and a record, a new store would take them for its own.
        foreach (string name in new[] { WalFiles.Values, WalFiles.ValuesNew, WalFiles.Stable })
        {
            await disk.DeleteAsync(Path.Combine(directory, name));
        }

        await disk.SyncDirectoryAsync(directory);
        foreach (string name in (await disk.ListAsync(directory)).Where(WalFiles.IsStores))
        {
            await disk.DeleteAsync(Path.Combine(directory, name));
        }

        await disk.SyncDirectoryAsync(directory);
    }
}
