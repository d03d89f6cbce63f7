namespace Raft.Rpc;

/// <summary>
/// Reads as many bytes of a snapshot as were announced. Its last bytes are handed out only once the body stands for all
/// of them: before, whoever has received them all would take the snapshot for whole.
/// </summary>
internal sealed class ExactBody
{
    private readonly ISnapshotBody _body;
    private readonly long _size;
    private long _left;
    private bool _isWhole;

    /// <summary>Reads nothing yet.</summary>
    /// <param name="body">Where the bytes come from.</param>
    /// <param name="size">How many were announced.</param>
    public ExactBody(ISnapshotBody body, long size)
    {
        _body = body;
        _size = _left = size;
    }

    /// <summary>Reads the next bytes; 0 at the end.</summary>
    /// <exception cref="RaftException">They cannot be read, or are not as many as were announced.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        int count = 0;
        if (_left > 0)
        {
            count = await _body.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)]);
            _left -= count > 0
                ? count : throw new StoreException($"The snapshot ends {_left} bytes before the {_size} that it should have.");
        }

        if (_left == 0 && !_isWhole)
        {
            _isWhole = await _body.ReadAsync(new byte[1]) == 0
                ? true : throw new StoreException($"The snapshot has more than the {_size} bytes that it should have.");
        }

        return count;
    }

    /// <summary>Reads until a buffer is full or nothing is left.</summary>
    /// <returns>How many bytes were read, and whether they are the last.</returns>
    /// <exception cref="RaftException">They cannot be read, or are not as many as were announced.</exception>
    public async ValueTask<(int Count, bool IsLast)> FillAsync(Memory<byte> buffer)
    {
        int count = 0;
        while (!_isWhole && count < buffer.Length)
        {
            count += await ReadAsync(buffer[count..]);
        }

        return (count, _isWhole);
    }
}
