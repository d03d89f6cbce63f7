using System.Buffers;
using Raft.MsgPack;

namespace Raft.Transport.Tcp.Wire;

/// <summary>
/// Waits for one whole msgpack value. Where it fits into the receive buffer it is handed out from there; a larger one is
/// gathered in chunks as it arrives and put together when all of it is there, so that a claimed length costs nothing.
/// Owned by one connection's reader.
/// </summary>
internal sealed class ValueAssembler
{
    private readonly List<byte[]> _chunks = [];
    private MsgPackScanner _scanner;
    private int _scannedBytes;
    private long _gatheredBytes;

    /// <summary>Whether a value was begun that is not whole yet.</summary>
    public bool IsActive { get; private set; }

    /// <summary>Begins a value at the buffer's first unread byte.</summary>
    /// <param name="bytesMax">The most that it may take.</param>
    public void Begin(long bytesMax)
    {
        _scanner.Begin(bytesMax);
        _scannedBytes = 0;
        _gatheredBytes = 0;
        IsActive = true;
    }

    /// <summary>Takes the value out of the buffer if it is whole.</summary>
    /// <param name="buffer">What was received.</param>
    /// <param name="value">The value.</param>
    /// <param name="isOwned">Whether the value is the caller's to keep; else it is valid until more is received.</param>
    /// <returns>Whether it is whole; if not, more has to be received.</returns>
    /// <exception cref="MsgPackException">It is no msgpack or over the limit.</exception>
    public bool TryTake(ReceiveBuffer buffer, out ReadOnlyMemory<byte> value, out bool isOwned)
    {
        value = default;
        isOwned = false;
        _scannedBytes += _scanner.Advance(buffer.Unread[_scannedBytes..]);
        if (_scanner.IsComplete && _gatheredBytes == 0)
        {
            value = buffer.UnreadMemory[.._scannedBytes];
            buffer.Use(_scannedBytes);
            IsActive = false;
            return true;
        }

        if (_gatheredBytes > 0 || buffer.IsFull)
        {
            Gather(buffer.Unread[.._scannedBytes]);
            buffer.Use(_scannedBytes);
            _scannedBytes = 0;
        }

        if (!_scanner.IsComplete)
        {
            return false;
        }

        value = PutTogether();
        isOwned = true;
        IsActive = false;
        return true;
    }

    /// <summary>Gives the chunks of an unfinished value back.</summary>
    public void Abandon()
    {
        foreach (byte[] chunk in _chunks)
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        _chunks.Clear();
        _gatheredBytes = 0;
        IsActive = false;
    }

    private void Gather(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int at = (int)(_gatheredBytes % WireLimits.ChunkBytes);
            if (at == 0)
            {
                _chunks.Add(ArrayPool<byte>.Shared.Rent(WireLimits.ChunkBytes));
            }

            int count = Math.Min(bytes.Length, WireLimits.ChunkBytes - at);
            bytes[..count].CopyTo(_chunks[^1].AsSpan(at));
            bytes = bytes[count..];
            _gatheredBytes += count;
        }
    }

    private byte[] PutTogether()
    {
        byte[] whole = GC.AllocateUninitializedArray<byte>((int)_gatheredBytes);
        int at = 0;
        foreach (byte[] chunk in _chunks)
        {
            int count = Math.Min(WireLimits.ChunkBytes, whole.Length - at);
            chunk.AsSpan(0, count).CopyTo(whole.AsSpan(at));
            at += count;
        }

        Abandon();
        return whole;
    }
}
