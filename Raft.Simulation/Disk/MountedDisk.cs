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
            await disk.Begin(new NameOperation(new NameChange(null, path, inode)), Access());
        }

        return new SimFile(disk, path, inode);
    }

    public ValueTask<IReadOnlyList<string>> ListAsync(string directory) => ValueTask.FromResult<IReadOnlyList<string>>(
        [.. disk.Files.Keys.Where(path => Path.GetDirectoryName(path) == directory).Select(path => Path.GetFileName(path))]);

    public ValueTask CreateDirectoryAsync(string directory) => ValueTask.CompletedTask;

    public async ValueTask RenameAsync(string from, string to) => await disk.Begin(
        new NameOperation(new NameChange(from, to, disk.Find(from) ?? throw new IOException($"{from}: it does not exist"))), Access());

    public async ValueTask DeleteAsync(string path)
    {
        if (disk.Find(path) is not null)
        {
            await disk.Begin(new NameOperation(new NameChange(path, null, null)), Access());
        }
    }

    public ValueTask<IReadOnlyList<string>> ListDirectoriesAsync(string directory) => throw new NotSupportedException();

    public ValueTask RenameDirectoryAsync(string from, string to) => throw new NotSupportedException();

    public ValueTask DeleteDirectoryAsync(string directory) => throw new NotSupportedException();

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
