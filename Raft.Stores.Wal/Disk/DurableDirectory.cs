namespace Raft.Stores.Wal.Disk;

/// <summary>Makes directories, so that their names survive a power cut.</summary>
internal static class DurableDirectory
{
    private const int PermissionDenied = 13;
    private const int InvalidArgument = 22;
    private const int ReadOnlyFileSystem = 30;

    /// <summary>Creates a directory and its parents where they are missing, and makes its name durable in any case.</summary>
    /// <param name="directory">Its full path.</param>
    /// <param name="sync">Makes the names in a directory durable.</param>
    /// <remarks>
    /// That it exists says nothing: whoever made it may have been killed before the sync, and its name may be in the
    /// page cache alone.
    /// </remarks>
    public static void Create(string directory, Action<string> sync)
    {
        string? parent = Path.GetDirectoryName(directory);
        if (parent is null)
        {
            return;
        }

        if (Directory.Exists(directory))
        {
            SyncIfPossible(parent, sync);
            return;
        }

        Create(parent, sync);
        Directory.CreateDirectory(directory);
        sync(parent);
    }

    private static void SyncIfPossible(string parent, Action<string> sync)
    {
        try
        {
            sync(parent);
        }
        catch (IOException refused) when (refused.HResult is PermissionDenied or InvalidArgument or ReadOnlyFileSystem)
        {
            // We did not make a directory where we may not look, or where nothing can be made or synced: whoever gave
            // it to us, such as an administrator or a mount, answers for its name.
        }
    }
}
