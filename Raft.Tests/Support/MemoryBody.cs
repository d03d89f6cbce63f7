namespace Raft.Tests.Support;

/// <summary>A snapshot's bytes in memory.</summary>
internal sealed class MemoryBody(ReadOnlyMemory<byte> bytes) : ISnapshotBody
{
    private int _at;

    public ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        int count = Math.Min(buffer.Length, bytes.Length - _at);
        bytes.Slice(_at, count).CopyTo(buffer);
        _at += count;
        return ValueTask.FromResult(count);
    }
}
