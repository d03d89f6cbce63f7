namespace Raft.Fsm;

/// <summary>The pieces of one restore, read from the log store, where they are durable by now. Used once.</summary>
/// <param name="log">The log store.</param>
/// <param name="beginIndex">The restore's first entry.</param>
/// <param name="endIndex">Its last.</param>
internal sealed class RestorePieces(ILogStore log, ulong beginIndex, ulong endIndex) : ISnapshotBody
{
    private const int ReadBytes = 1 << 20;

    private ulong _next = beginIndex + 1;
    private LogBatch? _batch;
    private int _position;
    private ReadOnlyMemory<byte> _piece;

    /// <summary>Why they could not be read; null where they could. A state machine may have made another exception of it.</summary>
    public Exception? Failure { get; private set; }

    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        while (_piece.IsEmpty)
        {
            if ((_batch is null || _position == _batch.Count) && !await ReadBatchAsync())
            {
                return 0;
            }

            LogEntry entry = _batch![_position++];
            if (RestoreEntry.TryRead(entry, out RestoreEntry restore) && restore.Kind == RestoreEntryKind.Piece
                && restore.BeginIndex == beginIndex)
            {
                _piece = entry.Data;
            }
        }

        int count = Math.Min(buffer.Length, _piece.Length);
        _piece[..count].CopyTo(buffer);
        _piece = _piece[count..];
        return count;
    }

    private async ValueTask<bool> ReadBatchAsync()
    {
        if (_next == endIndex)
        {
            return false;
        }

        try
        {
            _batch = await log.ReadAsync(_next, endIndex - 1, ReadBytes);
        }
        catch (Exception failure)
        {
            Failure = failure;
            throw;
        }

        _position = 0;
        _next = _batch.LastIndex + 1;
        return true;
    }
}
