using Raft.Simulation.Kernel;

namespace Raft.Simulation.Disk;

/// <summary>A <see cref="SimDisk"/> as one process sees it.</summary>
internal sealed class MountedDisk(SimDisk disk, SimProcess process) : IDisk
{
    public async ValueTask<IDiskFile> OpenAsync(string path, DiskOpenMode mode)
    {
        SimInode? inode = disk.Find(path);
        if (inode is not null ? mode == DiskOpenMode.New : mode == DiskOpenMode.Existing)
        {
            throw new IOException($"{path}: it {(inode is not null ? "exists" : "does not exist")}");
        }

        if (inode is null)
        {
            inode = new SimInode();
            await disk.Begin(new NameOperation(disk.Names.Creation(path, inode), gone: null, come: path), Access());
        }

        return new SimFile(disk, path, inode);
    }

    public ValueTask<IReadOnlyList<string>> ListAsync(string directory) => ValueTask.FromResult(disk.Names.FileNames(directory));

    public ValueTask<IReadOnlyList<string>> ListDirectoriesAsync(string directory) =>
        ValueTask.FromResult(disk.Names.DirectoryNames(directory));

    // At once, since it must be durable on return: what may be lost is what comes to stand in it.
    public ValueTask CreateDirectoryAsync(string directory)
    {
        disk.Names.CreateDirectory(directory);
        return ValueTask.CompletedTask;
    }

    public async ValueTask RenameAsync(string from, string to) =>
        await disk.Begin(new NameOperation(disk.Names.Renaming(from, to), from, to), Access());

    public async ValueTask DeleteAsync(string path)
    {
        if (disk.Find(path) is not null)
        {
            await disk.Begin(new NameOperation(disk.Names.Deletion(path), gone: path, come: null), Access());
        }
    }

    public async ValueTask RenameDirectoryAsync(string from, string to)
    {
        if (!disk.Names.HasDirectory(from) || disk.Names.HasDirectory(to))
        {
            throw new IOException($"{from}: it does not exist, or {to} does");
        }

        await RenameAsync(from, to);
    }

    // As every file system does it: one file after the other, then the directory. A crash may leave some of them.
    public async ValueTask DeleteDirectoryAsync(string directory)
    {
        foreach (string name in disk.Names.DirectoryNames(directory))
        {
            await DeleteDirectoryAsync(Path.Combine(directory, name));
        }

        foreach (string name in disk.Names.FileNames(directory))
        {
            await DeleteAsync(Path.Combine(directory, name));
        }

        if (disk.Names.HasDirectory(directory))
        {
            await disk.Begin(new NameOperation(disk.Names.Deletion(directory), gone: directory, come: null), Access());
        }
    }

    public async ValueTask SyncDirectoryAsync(string directory) =>
        await disk.Begin(new SyncNamesOperation(directory), SimFile.SyncTime(disk));

    public ValueTask<IDisposable> LockAsync(string path) => disk.TryLock(path)
        ? ValueTask.FromResult<IDisposable>(new HeldLock(disk, process, path))
        : throw new StoreLockedException($"{path} is held by another process");

    private TimeSpan Access() => disk.Kernel.Random.Between(TimeSpan.Zero, disk.Conditions.AccessMax);

    private sealed class HeldLock(SimDisk disk, SimProcess process, string path) : IDisposable
    {
        public void Dispose()
        {
            // The locks of a dead process are gone already, and may be another's now.
            if (!process.IsDead)
            {
                disk.Unlock(path);
            }
        }
    }
}
