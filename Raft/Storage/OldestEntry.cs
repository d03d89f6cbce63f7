namespace Raft.Storage;

/// <summary>Looks up when a log's oldest entry was appended, beside whatever lets go of entries meanwhile.</summary>
internal static class OldestEntry
{
    /// <summary>Reads the stamp of the first entry.</summary>
    /// <param name="store">The log.</param>
    /// <returns>The stamp; null where there is no entry, or it bears no stamp, or cannot be read.</returns>
    public static async ValueTask<LogTimestamp?> ReadStampAsync(ILogStore store)
    {
        ulong failedIndex = 0;
        while (true)
        {
            // The first entry may be let go of while it is read: then there is another one. Where the log still begins
            // with the one that could not be read, it cannot be read at all.
            ulong first = store.FirstIndex;
            if (first == 0 || first == failedIndex)
            {
                return null;
            }

            try
            {
                LogTimestamp stamp = (await store.ReadAsync(first, first, bytesMax: 1))[0].AppendedAt;
                return stamp.IsZero ? null : stamp;
            }
            catch (Exception failure) when (failure is not RaftFatalException)
            {
                // What cannot be read has no age; whoever needs the entry itself finds out what is wrong with it.
                failedIndex = first;
            }
        }
    }
}
