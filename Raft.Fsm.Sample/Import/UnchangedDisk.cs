namespace Raft.Fsm.Sample.Import;

/// <summary>
/// A disk as whoever looks at a stopped node's data sees it: what a store does when it is opened, to clean up and to make
/// durable, is left undone.
/// </summary>
internal sealed class UnchangedDisk(IDisk disk) : IDisk
{
    /// <inheritdoc/>
    public ValueTask<IDiskFile> OpenAsync(string path, DiskOpenMode mode) => mode == DiskOpenMode.Existing
        ? disk.OpenAsync(path, mode)
        : throw new IOException($"{path}: nothing is made here");

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListAsync(string directory) => disk.ListAsync(directory);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListDirectoriesAsync(string directory) => disk.ListDirectoriesAsync(directory);

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
    public ValueTask<IDisposable> LockAsync(string path) => throw new IOException($"{path}: nothing is locked here");
}
