namespace Raft.Fsm;

/// <summary>A snapshot as a stream, for a state machine that restores itself. Used by one task at a time.</summary>
/// <param name="body">Where the bytes come from; not disposed with the stream.</param>
/// <param name="scheduler">Where reads are done that block their caller: never the caller's own, which they hold up.</param>
/// <param name="watch">Told of every piece that was read.</param>
internal sealed class SnapshotReadStream(ISnapshotBody body, TaskScheduler scheduler, RestoreWatch watch) : Stream
{
    private const int BufferBytes = 64 << 10;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;
    private bool _isAtEnd;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Reads what is left, for the check at the end.</summary>
    public async ValueTask DrainAsync()
    {
        while (!_isAtEnd)
        {
            await FillAsync();
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_start == _end && !_isAtEnd && !buffer.IsEmpty)
        {
            await FillAsync();
        }

        return Take(buffer.Span);
    }

    /// <inheritdoc/>
    public override async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        await ReadAsync(buffer.AsMemory(offset, count), cancellationToken);

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (_start == _end && !_isAtEnd && !buffer.IsEmpty)
        {
            BlockingCall.Run(scheduler, FillAsync);
        }

        return Take(buffer);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private async Task FillAsync()
    {
        _start = 0;
        _end = 0;
        _end = await body.ReadAsync(_buffer);
        _isAtEnd = _end == 0;
        watch.Read(_end);
    }

    private int Take(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, _end - _start);
        _buffer.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }
}
