using Raft.Stores.Bolt.Reading;

namespace Raft.Tests.Import;

/// <summary>A file of Bolt in memory.</summary>
internal sealed class MemorySource(byte[] bytes, int length) : IBoltSource
{
    public MemorySource(byte[] bytes)
        : this(bytes, bytes.Length)
    {
    }

    public string Path => "raft.db";

    public ValueTask<long> GetLengthAsync() => ValueTask.FromResult((long)length);

    public ValueTask<int> ReadAtAsync(long offset, Memory<byte> buffer)
    {
        int count = (int)Math.Clamp(length - offset, 0, buffer.Length);
        bytes.AsSpan((int)Math.Min(offset, length), count).CopyTo(buffer.Span);
        return ValueTask.FromResult(count);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
