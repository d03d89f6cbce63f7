using Microsoft.Win32.SafeHandles;

namespace Raft.Stores.Wal.Disk;

/// <summary>
/// A file of the <see cref="RealDisk"/>. What is awaited runs on the thread pool, off the caller's loop; what blocks runs where
/// it is called.
/// </summary>
internal sealed class RealDiskFile : IBlockingDiskFile
{
    private const int ZerosBytes = 1 << 20;

    // A write that large is part of something larger: the disk begins at once, so that the sync at its end has less to wait for.
    private const int WriteOutBytesMin = 256 << 10;

    private static readonly ReadOnlyMemory<byte> Zeros = new byte[ZerosBytes];

    private readonly SafeFileHandle _file;

    // A log's writer has one call under way, its readers now and then another: more than two are not kept.
    private DiskWork? _idle;
    private DiskWork? _alsoIdle;

    public RealDiskFile(SafeFileHandle file, string path)
    {
        _file = file;
        Path = path;
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public ValueTask<long> GetLengthAsync() => ValueTask.FromResult(GetLength());

    /// <inheritdoc/>
    public ValueTask<int> ReadAtAsync(long offset, Memory<byte> buffer) => Rent().StartRead(offset, buffer);

    /// <inheritdoc/>
    public ValueTask WriteAtAsync(long offset, ReadOnlyMemory<byte> bytes) =>
        Rent().Start(DiskCall.Write, offset, bytes.Length, bytes);

    /// <inheritdoc/>
    public ValueTask WriteAndSyncAsync(long offset, ReadOnlyMemory<byte> bytes) =>
        Rent().Start(DiskCall.WriteAndSync, offset, bytes.Length, bytes);

    /// <inheritdoc/>
    public ValueTask AllocateAsync(long offset, long length) => Rent().Start(DiskCall.Allocate, offset, length, default);

    /// <inheritdoc/>
    public ValueTask ReserveAsync(long offset, long length) => Rent().Start(DiskCall.Reserve, offset, length, default);

    /// <inheritdoc/>
    public ValueTask SyncDataAsync() => Rent().Start(DiskCall.Sync, 0, 0, default);

    /// <inheritdoc/>
    public long GetLength() => RandomAccess.GetLength(_file);

    /// <inheritdoc/>
    public int ReadAt(long offset, Span<byte> buffer) => Read(offset, buffer);

    /// <inheritdoc/>
    public void WriteAt(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(_file, bytes, offset);

    /// <inheritdoc/>
    public void SyncData() => CheckedSync.Data(_file);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Makes one blocking call; runs on a pool thread.</summary>
    /// <returns>How many bytes were read, where the call reads.</returns>
    internal int Perform(DiskCall call, long offset, long length, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        switch (call)
        {
            case DiskCall.Read:
                return Read(offset, destination);
            case DiskCall.Write:
                RandomAccess.Write(_file, source, offset);
                if (source.Length >= WriteOutBytesMin)
                {
                    NativeMethods.BeginWriteOut(_file, offset, source.Length);
                }

                return 0;
            case DiskCall.WriteAndSync:
                RandomAccess.Write(_file, source, offset);
                break;
            case DiskCall.Allocate:
                WriteZeros(offset, length);
                break;
            case DiskCall.Reserve when !NativeMethods.TryReserve(_file, offset, length):
                WriteZeros(offset, length);
                break;
        }

        CheckedSync.Data(_file);
        return 0;
    }

    /// <summary>Takes back what a finished call ran in.</summary>
    internal void Return(DiskWork work)
    {
        if (Interlocked.CompareExchange(ref _idle, work, null) is not null)
        {
            Volatile.Write(ref _alsoIdle, work);
        }
    }

    private DiskWork Rent() =>
        Interlocked.Exchange(ref _idle, null) ?? Interlocked.Exchange(ref _alsoIdle, null) ?? new DiskWork(this);

    private int Read(long offset, Span<byte> destination)
    {
        int total = 0;
        while (total < destination.Length)
        {
            int read = RandomAccess.Read(_file, destination[total..], offset + total);
            if (read == 0)
            {
                break;
            }

            total += read;
        }

        return total;
    }

    private void WriteZeros(long offset, long length)
    {
        for (long done = 0; done < length;)
        {
            int bytes = (int)Math.Min(ZerosBytes, length - done);
            RandomAccess.Write(_file, Zeros.Span[..bytes], offset + done);
            done += bytes;
        }
    }
}
