using Raft.Stores.Wal.Disk;

namespace Raft.Stores.Wal;

/// <summary>
/// The machine's own file system. What blocks runs on the thread pool; whoever awaits it continues on its own
/// scheduler. Every sync is checked, which the runtime's own flush is not on Linux.
/// </summary>
public sealed class RealDisk : IDisk
{
    /// <inheritdoc/>
    public ValueTask<IDiskFile> OpenAsync(string path, DiskOpenMode mode)
    {
        FileMode fileMode = mode switch
        {
            DiskOpenMode.Existing => FileMode.Open,
            DiskOpenMode.New => FileMode.CreateNew,
            _ => FileMode.OpenOrCreate,
        };
        return new ValueTask<IDiskFile>(OnThePool<IDiskFile>(() => new RealDiskFile(
            File.OpenHandle(path, fileMode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete), path)));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListAsync(string directory) =>
        new(OnThePool<IReadOnlyList<string>>(() => Directory.Exists(directory) ? Names(Directory.EnumerateFiles(directory)) : []));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListDirectoriesAsync(string directory) =>
        new(OnThePool<IReadOnlyList<string>>(() => Directory.Exists(directory) ? Names(Directory.EnumerateDirectories(directory)) : []));

    /// <inheritdoc/>
    public ValueTask CreateDirectoryAsync(string directory) => new(OnThePool<object?>(() =>
    {
        DurableDirectory.Create(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)), CheckedSync.Directory);
        return null;
    }));

    /// <inheritdoc/>
    public ValueTask RenameAsync(string from, string to) => new(OnThePool<object?>(() =>
    {
        File.Move(from, to, overwrite: true);
        return null;
    }));

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string path) => new(OnThePool<object?>(() =>
    {
        File.Delete(path);
        return null;
    }));

    /// <inheritdoc/>
    public ValueTask RenameDirectoryAsync(string from, string to) => new(OnThePool<object?>(() =>
    {
        Directory.Move(from, to);
        return null;
    }));

    /// <inheritdoc/>
    public ValueTask DeleteDirectoryAsync(string directory) => new(OnThePool<object?>(() =>
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }

        return null;
    }));

    /// <inheritdoc/>
    public ValueTask SyncDirectoryAsync(string directory) => new(OnThePool<object?>(() =>
    {
        CheckedSync.Directory(directory);
        return null;
    }));

    /// <inheritdoc/>
    public ValueTask<IDisposable> LockAsync(string path) => new(OnThePool<IDisposable>(() => DirectoryLock.Take(path)));

    private static string[] Names(IEnumerable<string> paths)
    {
        string[] names = [.. paths.Select(path => Path.GetFileName(path))];
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    /// <summary>Runs what blocks off the caller's loop; used where it is rare enough to allocate.</summary>
    private static Task<T> OnThePool<T>(Func<T> call)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
#pragma warning disable RS0030 // The real disk is where a loop leaves its scheduler, to come back to it.
        ThreadPool.UnsafeQueueUserWorkItem(
            static work =>
            {
                try
                {
                    work.completion.SetResult(work.call());
                }
                catch (Exception failure)
                {
                    // It belongs to the one who awaits the call; here it would end the process.
                    work.completion.SetException(failure);
                }
            },
            (completion, call),
            preferLocal: false);
#pragma warning restore RS0030
        return completion.Task;
    }
}
