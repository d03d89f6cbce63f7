namespace Raft.Stores.Wal.Recovery;

/// <summary>Reads a file from front to back through one buffer. Owned by the scan of a log.</summary>
internal sealed class FileWindow
{
    private const int BufferBytes = 256 << 10;

    private byte[] _buffer = [];
    private IDiskFile? _file;
    private long _start;
    private int _filled;

    /// <summary>Turns to another file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="length">Its length.</param>
    public void Open(IDiskFile file, long length)
    {
        if (_buffer.Length < Math.Min(BufferBytes, length))
        {
            _buffer = new byte[(int)Math.Min(BufferBytes, length)];
        }

        _file = file;
        _start = 0;
        _filled = 0;
    }

    /// <summary>What stands at an offset: at least so many bytes, unless the file ends before.</summary>
    /// <returns>A view that is valid until the next call.</returns>
    public ValueTask<ReadOnlyMemory<byte>> GetAsync(long offset, int bytesMin) =>
        offset >= _start && offset + bytesMin <= _start + _filled
            ? ValueTask.FromResult<ReadOnlyMemory<byte>>(_buffer.AsMemory((int)(offset - _start), _filled - (int)(offset - _start)))
            : FillAsync(offset, bytesMin);

    private async ValueTask<ReadOnlyMemory<byte>> FillAsync(long offset, int bytesMin)
    {
        if (_buffer.Length < bytesMin)
        {
            _buffer = new byte[bytesMin];
        }

        _start = offset;
        _filled = 0;
        _filled = await _file!.ReadAtAsync(offset, _buffer);
        return _buffer.AsMemory(0, _filled);
    }
}
