namespace Raft.Simulation.Disk;

/// <summary>An open file of a <see cref="SimDisk"/>. It outlives its name, as with POSIX.</summary>
internal sealed class SimFile(SimDisk disk, string path, SimInode inode) : IDiskFile
{
    public string Path => path;

    public ValueTask<long> GetLengthAsync() => ValueTask.FromResult((long)inode.Length);

    public async ValueTask<int> ReadAtAsync(long offset, Memory<byte> buffer)
    {
        await disk.Begin(new ReadOperation(path, offset), Access());
        return inode.Read(offset, buffer.Span);
    }

    public async ValueTask WriteAtAsync(long offset, ReadOnlyMemory<byte> bytes) =>
        await disk.Begin(new WriteOperation(path, inode, offset, bytes, zeros: 0), Access());

    public async ValueTask WriteAndSyncAsync(long offset, ReadOnlyMemory<byte> bytes)
    {
        await WriteAtAsync(offset, bytes);
        await disk.Begin(new SyncOperation(path, inode, offset), SyncTime(disk));
    }

    public async ValueTask AllocateAsync(long offset, long length)
    {
        await disk.Begin(new WriteOperation(path, inode, offset, default, length), Access());
        await SyncDataAsync();
    }

    public async ValueTask SyncDataAsync() => await disk.Begin(new SyncOperation(path, inode, groupOffset: -1), SyncTime(disk));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal static TimeSpan SyncTime(SimDisk disk) =>
        disk.Kernel.Random.Between(disk.Conditions.SyncMin, disk.Conditions.SyncMax);

    private TimeSpan Access() => disk.Kernel.Random.Between(TimeSpan.Zero, disk.Conditions.AccessMax);
}
