using System.Buffers;
using System.Runtime.CompilerServices;

namespace Raft.Transport.Tcp.Wire;

/// <summary>
/// The bytes of one connection that were received and not yet used. Owned by the connection's reader. It doubles when it
/// was filled, never for what is only announced, and shrinks when nothing more comes.
/// </summary>
internal sealed class ReceiveBuffer(int capacity)
{
    /// <summary>The most it holds. A value that is larger is taken out piece by piece.</summary>
    public const int CapacityMax = 256 * 1024;

    /// <summary>What a connection keeps that rests: enough for heartbeats, votes and small appends.</summary>
    public const int KeptBytesMax = 16 * 1024;

    private byte[] _bytes = new byte[capacity];
    private int _start;
    private int _end;
    private bool _wasFilled;
    private bool _isRented;

    /// <summary>What is there.</summary>
    public ReadOnlySpan<byte> Unread => _bytes.AsSpan(_start.._end);

    /// <summary>What is there; valid until the next <see cref="FillAsync"/>, even after it was used.</summary>
    public ReadOnlyMemory<byte> UnreadMemory => _bytes.AsMemory(_start.._end);

    /// <summary>How much is there.</summary>
    public int UnreadBytes => _end - _start;

    /// <summary>Whether nothing more can be received before something is used.</summary>
    public bool IsFull => UnreadBytes == CapacityMax;

    /// <summary>How much memory it has.</summary>
    public int Capacity => _bytes.Length;

    /// <summary>How many bytes were used since the beginning.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>Notes that the first bytes were used.</summary>
    public void Use(int count)
    {
        _start += count;
        UsedBytes += count;
    }

    /// <summary>Receives more.</summary>
    /// <param name="connection">From where.</param>
    /// <returns>How many bytes; 0 at the connection's end. Awaited once.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> FillAsync(IStreamConnection connection)
    {
        if (UnreadBytes == 0 && _bytes.Length > KeptBytesMax && connection.IsQuiet)
        {
            // The wait may be long, and such connections many.
            Replace(KeptBytesMax);
            _wasFilled = false;
        }

        MakeRoom();
        int free = _bytes.Length - _end;
        int received = await connection.ReceiveAsync(_bytes.AsMemory(_end)).ConfigureAwait(false);
        _end += received;
        _wasFilled = received == free;
        return received;
    }

    private void MakeRoom()
    {
        Invariant.Require(!IsFull, "a full receive buffer is used before more is received");
        bool isTooSmall = UnreadBytes == _bytes.Length || _wasFilled;
        if (isTooSmall && _bytes.Length < CapacityMax)
        {
            Replace(Math.Min(CapacityMax, _bytes.Length * 2));
        }
        else if (_start > 0 && _bytes.Length - _end < _bytes.Length / 2)
        {
            MoveTo(_bytes);
        }
        else if (_start == _end)
        {
            _start = _end = 0;
        }
    }

    private void Replace(int capacity)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(capacity);
        byte[] old = _bytes;
        MoveTo(bytes);
        _bytes = bytes;
        if (_isRented)
        {
            ArrayPool<byte>.Shared.Return(old);
        }

        _isRented = true;
    }

    private void MoveTo(byte[] destination)
    {
        Unread.CopyTo(destination);
        _end -= _start;
        _start = 0;
    }
}
