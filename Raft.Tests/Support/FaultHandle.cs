namespace Raft.Tests.Support;

/// <summary>A <see cref="FaultFile"/> by the path by which it was opened, whatever it is called since.</summary>
internal sealed class FaultHandle(string path, FaultFile file) : IBlockingDiskFile
{
    public string Path => path;

    public ValueTask<long> GetLengthAsync() => file.GetLengthAsync();

    public ValueTask<int> ReadAtAsync(long offset, Memory<byte> buffer) => file.ReadAtAsync(offset, buffer);

    public ValueTask WriteAtAsync(long offset, ReadOnlyMemory<byte> bytes) => file.WriteAtAsync(offset, bytes);

    public ValueTask WriteAndSyncAsync(long offset, ReadOnlyMemory<byte> bytes) => file.WriteAndSyncAsync(offset, bytes);

    public ValueTask AllocateAsync(long offset, long length) => file.AllocateAsync(offset, length);

    public ValueTask SyncDataAsync() => file.SyncDataAsync();

    public long GetLength() => file.GetLength();

    public int ReadAt(long offset, Span<byte> buffer) => file.ReadAt(offset, buffer);

    public void WriteAt(long offset, ReadOnlySpan<byte> bytes) => file.WriteAt(offset, bytes);

    public void SyncData() => file.SyncData();

    public ValueTask DisposeAsync() => file.DisposeAsync();
}
