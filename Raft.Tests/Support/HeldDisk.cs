namespace Raft.Tests.Support;

/// <summary>A disk that holds back what a test tells it to, and counts the files that are open.</summary>
internal sealed class HeldDisk(FaultDisk inner) : IDisk
{
    private readonly List<TaskCompletionSource> _held = [];

    /// <summary>Whether writes that are synced wait until <see cref="ReleaseOne"/>.</summary>
    public bool HoldWrites { get; set; }

    /// <summary>How many more times zeros are written ahead before they wait until <see cref="ReleaseOne"/>.</summary>
    public int FreeAllocations { get; set; } = int.MaxValue;

    /// <summary>What becomes of zeros that are asked for; null where they are written.</summary>
    public Exception? AllocationFailure { get; set; }

    /// <summary>The lengths of all zeros asked for, in order.</summary>
    public List<long> Allocations { get; } = [];

    /// <summary>The lengths of all that was reserved, in order.</summary>
    public List<long> Reservations { get; } = [];

    /// <summary>How many calls wait.</summary>
    public int HeldCount => _held.Count;

    /// <summary>How many files are open.</summary>
    public int OpenCount { get; private set; }

    /// <summary>Lets the oldest call that waits go on.</summary>
    public void ReleaseOne()
    {
        TaskCompletionSource held = _held[0];
        _held.RemoveAt(0);
        held.SetResult();
    }

    public async ValueTask<IDiskFile> OpenAsync(string path, DiskOpenMode mode)
    {
        IDiskFile file = await inner.OpenAsync(path, mode);
        OpenCount++;
        return new HeldFile(this, file);
    }

    public ValueTask<IReadOnlyList<string>> ListAsync(string directory) => inner.ListAsync(directory);

    public ValueTask CreateDirectoryAsync(string directory) => inner.CreateDirectoryAsync(directory);

    public ValueTask RenameAsync(string from, string to) => inner.RenameAsync(from, to);

    public ValueTask DeleteAsync(string path) => inner.DeleteAsync(path);

    public ValueTask<IReadOnlyList<string>> ListDirectoriesAsync(string directory) => inner.ListDirectoriesAsync(directory);

    public ValueTask RenameDirectoryAsync(string from, string to) => inner.RenameDirectoryAsync(from, to);

    public ValueTask DeleteDirectoryAsync(string directory) => inner.DeleteDirectoryAsync(directory);

    public ValueTask SyncDirectoryAsync(string directory) => inner.SyncDirectoryAsync(directory);

    public ValueTask<IDisposable> LockAsync(string path) => inner.LockAsync(path);

    private Task HoldAsync()
    {
        // Whoever is released goes on within the release, so that a test needs no waiting.
        var held = new TaskCompletionSource();
        _held.Add(held);
        return held.Task;
    }

    private sealed class HeldFile(HeldDisk disk, IDiskFile file) : IDiskFile
    {
        private bool _isClosed;

        public string Path => file.Path;

        public ValueTask<long> GetLengthAsync() => file.GetLengthAsync();

        public ValueTask<int> ReadAtAsync(long offset, Memory<byte> buffer) => file.ReadAtAsync(offset, buffer);

        public ValueTask WriteAtAsync(long offset, ReadOnlyMemory<byte> bytes) => file.WriteAtAsync(offset, bytes);

        public async ValueTask WriteAndSyncAsync(long offset, ReadOnlyMemory<byte> bytes)
        {
            if (disk.HoldWrites)
            {
                await disk.HoldAsync();
            }

            await file.WriteAndSyncAsync(offset, bytes);
        }

        public async ValueTask AllocateAsync(long offset, long length)
        {
            disk.Allocations.Add(length);
            if (disk.FreeAllocations-- <= 0)
            {
                await disk.HoldAsync();
            }

            if (disk.AllocationFailure is { } failure)
            {
                throw failure;
            }

            await file.AllocateAsync(offset, length);
        }

        public ValueTask ReserveAsync(long offset, long length)
        {
            disk.Reservations.Add(length);
            return file.ReserveAsync(offset, length);
        }

        public ValueTask SyncDataAsync() => file.SyncDataAsync();

        public ValueTask DisposeAsync()
        {
            disk.OpenCount -= _isClosed ? 0 : 1;
            _isClosed = true;
            return file.DisposeAsync();
        }
    }
}
