namespace Raft.Fsm;

/// <summary>A snapshot sink as a stream, for a state that writes itself. Used by one task at a time.</summary>
/// <param name="sink">Where the bytes go; neither committed nor disposed with the stream.</param>
/// <param name="scheduler">Where writes are done that block their caller: never the caller's own, which they hold up.</param>
internal sealed class SnapshotWriteStream(ISnapshotSink sink, TaskScheduler scheduler) : Stream
{
    private const int BufferBytes = 64 << 10;
    private const int FirstBufferBytes = 4 << 10;

    // Small at first: many a state is.
    private byte[] _buffer = [];
    private int _length;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Hands on what is held back. A user's flush does not: small pieces would only cost.</summary>
    public async Task EndAsync()
    {
        if (_length > 0)
        {
            int length = _length;
            _length = 0;
            await sink.WriteAsync(_buffer.AsMemory(0, length));
        }
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (!buffer.IsEmpty)
        {
            buffer = buffer[Take(buffer.Span)..];
            if (_length == BufferBytes)
            {
                await EndAsync();
            }
        }
    }

    /// <inheritdoc/>
    public override async Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        await WriteAsync(buffer.AsMemory(offset, count), cancellationToken);

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            buffer = buffer[Take(buffer)..];
            if (_length == BufferBytes)
            {
                BlockingCall.Run(scheduler, EndAsync);
            }
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    private int Take(ReadOnlySpan<byte> buffer)
    {
        if (_length == _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Clamp(_length * 2, FirstBufferBytes, BufferBytes));
        }

        int count = Math.Min(buffer.Length, _buffer.Length - _length);
        buffer[..count].CopyTo(_buffer.AsSpan(_length));
        _length += count;
        return count;
    }
}
