using System.Buffers;
using System.Runtime.CompilerServices;

namespace Raft.Transport.Tcp;

/// <summary>
/// A connection as a <see cref="Stream"/>, for what wants one. One task reads and one writes. Closing it leaves the connection open:
/// that is its owner's.
/// </summary>
internal sealed class ConnectionStream(IStreamConnection connection) : Stream
{
    private const int HeadBytes = 16;

    private readonly ReadOnlyMemory<byte>[] _single = new ReadOnlyMemory<byte>[1];
    private ReadOnlyMemory<byte> _head;
    private byte[]? _held;
    private int _heldBytes;

    /// <summary>The first byte that came; null as long as none has.</summary>
    public byte? FirstByte { get; private set; }

    /// <summary>Whether the other side has ended the connection, and all that came before was read.</summary>
    public bool HasEnded { get; private set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Waits for the first byte, which stays to be read. Costs little until it comes.</summary>
    /// <returns>Whether there is one; if not, the connection has ended.</returns>
    public async ValueTask<bool> PeekAsync()
    {
        byte[] head = new byte[HeadBytes];
        _head = head.AsMemory(0, await ReceiveAsync(head).ConfigureAwait(false));
        return !_head.IsEmpty;
    }

    /// <summary>Keeps back what is written until <see cref="ReleaseAsync"/>, or until so much has come together.</summary>
    public void Hold(int bytes) => _held = ArrayPool<byte>.Shared.Rent(bytes);

    /// <summary>Sends what was kept back.</summary>
    public async ValueTask ReleaseAsync()
    {
        if (_heldBytes > 0)
        {
            await SendAsync(_held.AsMemory(0, _heldBytes)).ConfigureAwait(false);
            _heldBytes = 0;
        }
    }

    /// <summary>Gives back what <see cref="Hold"/> took. Once nothing is being sent any more.</summary>
    public void EndHold()
    {
        ArrayPool<byte>.Shared.Return(_held!);
        (_held, _heldBytes) = (null, 0);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_head.IsEmpty || buffer.IsEmpty)
        {
            return buffer.IsEmpty ? ValueTask.FromResult(0) : ReceiveAsync(buffer);
        }

        int count = Math.Min(buffer.Length, _head.Length);
        _head[..count].CopyTo(buffer);
        _head = _head[count..];
        return ValueTask.FromResult(count);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _held is null ? SendAsync(buffer) : HoldAsync(buffer);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        int count = await connection.ReceiveAsync(buffer).ConfigureAwait(false);
        HasEnded = count == 0;
        FirstByte ??= count > 0 ? buffer.Span[0] : null;
        return count;
    }

    private ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        _single[0] = bytes;
        return connection.SendAsync(_single);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask HoldAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int count = Math.Min(bytes.Length, _held!.Length - _heldBytes);
            bytes[..count].CopyTo(_held.AsMemory(_heldBytes));
            bytes = bytes[count..];
            _heldBytes += count;
            if (_heldBytes == _held.Length)
            {
                await ReleaseAsync().ConfigureAwait(false);
            }
        }
    }
}
