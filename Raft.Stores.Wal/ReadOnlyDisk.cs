using Raft.Stores.Wal.Disk;

namespace Raft.Stores.Wal;

/// <summary>
/// The machine's own file system for whoever looks at the data of a server that does not run: nothing on it is changed. What a store
/// writes into files that are there, to tidy up when it is opened, is kept in memory, and is gone when the file is closed.
/// </summary>
/// <remarks>
/// Files are opened for reading only. Nothing is made or deleted: to make a directory, to delete and to sync do nothing, to make a
/// file or to rename one fails. A lock is taken where its file is there; without one, nobody holds it. Calls block the caller's thread.
/// </remarks>
public sealed class ReadOnlyDisk : IDisk
{
    private readonly RealDisk _disk = new();

    /// <inheritdoc/>
    public ValueTask<IDiskFile> OpenAsync(string path, DiskOpenMode mode) => mode == DiskOpenMode.New || !File.Exists(path)
        ? throw new FileNotFoundException($"{path}: it does not exist, and nothing is made here", path)
        : ValueTask.FromResult<IDiskFile>(new ReadOnlyFile(
            File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), path));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListAsync(string directory) => _disk.ListAsync(directory);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListDirectoriesAsync(string directory) => _disk.ListDirectoriesAsync(directory);

    /// <inheritdoc/>
    public ValueTask CreateDirectoryAsync(string directory) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask RenameAsync(string from, string to) => throw new IOException($"{from}: nothing is renamed here");

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string path) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask RenameDirectoryAsync(string from, string to) => RenameAsync(from, to);

    /// <inheritdoc/>
    public ValueTask DeleteDirectoryAsync(string directory) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask SyncDirectoryAsync(string directory) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask<IDisposable> LockAsync(string path) => ValueTask.FromResult<IDisposable>(DirectoryLock.TakeUnchanged(path));
}
