namespace Raft.Tests.Support;

/// <summary>A stream that waits for its release: before its first byte, or before its end.</summary>
internal sealed class SlowStream(MemoryStream inner) : Stream
{
    private readonly TaskCompletionSource _released = new();

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => throw new NotSupportedException();
    }

    /// <summary>Whether its bytes are there at once, and only its end is waited for.</summary>
    public bool WaitsAtEnd { get; init; }

    /// <summary>Whether a wait ends when it is cancelled.</summary>
    public bool HeedsToken { get; init; }

    public void Release() => _released.SetResult();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken = HeedsToken ? cancellationToken : default;
        if (!WaitsAtEnd || inner.Position == inner.Length)
        {
            await _released.Task.WaitAsync(cancellationToken);
        }

        return await inner.ReadAsync(buffer, cancellationToken);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        inner.Dispose();
        base.Dispose(disposing);
    }
}
