namespace Raft;

/// <summary>
/// The file operations that our stores stand on, so that the same store runs on a real disk and on a simulated one
/// that loses and tears what was not synced. Every failure is thrown, an fsync's above all.
/// </summary>
/// <remarks>Paths are relative to nothing: the store passes what its user gave it.</remarks>
public interface IDisk
{
    /// <summary>Opens a file for reading and writing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mode">Whether it must exist already.</param>
    /// <returns>The open file, owned by the caller.</returns>
    /// <exception cref="IOException">It cannot be opened in that way.</exception>
    ValueTask<IDiskFile> OpenAsync(string path, DiskOpenMode mode);

    /// <summary>The names of the files in a directory, sorted by ordinal.</summary>
    /// <param name="directory">The directory.</param>
    /// <returns>File names without their directory; empty where there is no such directory.</returns>
    ValueTask<IReadOnlyList<string>> ListAsync(string directory);

    /// <summary>The names of the directories in a directory, sorted by ordinal.</summary>
    /// <param name="directory">The directory.</param>
    /// <returns>Names without their parent; empty where there is no such directory.</returns>
    ValueTask<IReadOnlyList<string>> ListDirectoriesAsync(string directory);

    /// <summary>
    /// Creates a directory and its parents, durably, where they are missing; where it exists, its name is made durable.
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <returns>Completes when done.</returns>
    ValueTask CreateDirectoryAsync(string directory);

    /// <summary>Renames a file over any other of the new name; durable only after <see cref="SyncDirectoryAsync"/>.</summary>
    /// <param name="from">The file.</param>
    /// <param name="to">Its new path, in the same directory.</param>
    /// <returns>Completes when done.</returns>
    ValueTask RenameAsync(string from, string to);

    /// <summary>Deletes a file; durable only after <see cref="SyncDirectoryAsync"/>.</summary>
    /// <param name="path">The file; it need not exist.</param>
    /// <returns>Completes when done.</returns>
    ValueTask DeleteAsync(string path);

    /// <summary>Renames a directory with all that is in it; durable only after <see cref="SyncDirectoryAsync"/> of its parent.</summary>
    /// <param name="from">The directory.</param>
    /// <param name="to">Its new path, in the same parent; nothing stands there.</param>
    /// <returns>Completes when done.</returns>
    ValueTask RenameDirectoryAsync(string from, string to);

    /// <summary>
    /// Deletes a directory with all files in it; durable only after <see cref="SyncDirectoryAsync"/> of its parent. Files
    /// of it that are open stay readable.
    /// </summary>
    /// <param name="directory">The directory; it need not exist.</param>
    /// <returns>Completes when done.</returns>
    ValueTask DeleteDirectoryAsync(string directory);

    /// <summary>Makes creations, renames and deletions in a directory durable.</summary>
    /// <param name="directory">The directory.</param>
    /// <returns>Completes when they would survive a power cut.</returns>
    ValueTask SyncDirectoryAsync(string directory);

    /// <summary>Takes the exclusive right to a directory until the result is disposed or the process ends.</summary>
    /// <param name="path">The lock file.</param>
    /// <returns>The lock.</returns>
    /// <exception cref="StoreLockedException">Another holds it.</exception>
    ValueTask<IDisposable> LockAsync(string path);
}
