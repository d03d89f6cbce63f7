namespace Raft.Fsm.Sample.Kv;

/// <summary>Reads a stream line by line, with no more in memory than one line needs.</summary>
internal sealed class LineReader(Stream source, int lineBytesMax)
{
    private byte[] _buffer = new byte[Math.Min(64 << 10, lineBytesMax)];
    private int _start;
    private int _end;
    private bool _isAtEnd;

    /// <summary>How many lines were read.</summary>
    public long LineNumber { get; private set; }

    /// <summary>Reads the next line.</summary>
    /// <returns>Its bytes without the line break, valid until the next call; null at the end of the stream.</returns>
    /// <exception cref="InvalidDataException">A line is longer than the limit.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken cancellationToken)
    {
        int searched = 0;
        while (true)
        {
            int at = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (at >= 0)
            {
                return Take(searched + at, skip: 1);
            }

            searched = _end - _start;
            if (_isAtEnd)
            {
                return searched == 0 ? (ReadOnlyMemory<byte>?)null : Take(searched, skip: 0);
            }

            MakeRoom();
            int read = await source.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            _isAtEnd = read == 0;
            _end += read;
        }
    }

    private ReadOnlyMemory<byte> Take(int length, int skip)
    {
        ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, length);
        _start += length + skip;
        LineNumber++;
        return line;
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }
        else if (_end == _buffer.Length)
        {
            if (_end >= lineBytesMax)
            {
                throw new InvalidDataException($"line {LineNumber + 1} of the snapshot is longer than {lineBytesMax} bytes");
            }

            Array.Resize(ref _buffer, (int)Math.Min(2L * _end, lineBytesMax));
        }
    }
}
