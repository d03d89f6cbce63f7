namespace Raft;

/// <summary>One entry of the replicated log: a view into the <see cref="LogBatch"/> that holds its bytes.</summary>
/// <remarks>
/// Valid as long as it is kept, since batches are immutable; but it keeps the whole batch alive. Copy
/// <see cref="Data"/> to keep a small part for long.
/// </remarks>
public readonly struct LogEntry
{
    private readonly LogBatch _batch;
    private readonly int _position;
    private readonly int _leftOut;

    internal LogEntry(LogBatch batch, int position)
        : this(batch, position, leftOut: 0)
    {
    }

    private LogEntry(LogBatch batch, int position, int leftOut)
    {
        _batch = batch;
        _position = position;
        _leftOut = leftOut;
    }

    /// <summary>The entry's place in the log; the first is 1.</summary>
    public ulong Index => _batch.FirstIndex + (ulong)_position;

    /// <summary>The term of the leader that appended it.</summary>
    public ulong Term => _batch.TermAt(_position);

    /// <summary>What the entry is for.</summary>
    public LogType Type => _batch.TypeAt(_position);

    /// <summary>The command, or the encoded configuration.</summary>
    public ReadOnlyMemory<byte> Data => _batch.DataAt(_position)[_leftOut..];

    /// <summary>Bytes beside the command that layers above the state machine use.</summary>
    public ReadOnlyMemory<byte> Extensions => _batch.ExtensionsAt(_position);

    /// <summary>When the leader appended it, by the leader's clock; for information only.</summary>
    public LogTimestamp AppendedAt => LogEncoding.ReadAppendedAt(_batch.EncodedAt(_position).Span);

    /// <summary>The entry's bytes as they stand on the wire and on disk: one msgpack map in Go's form.</summary>
    public ReadOnlyMemory<byte> Encoded => _batch.EncodedAt(_position);

    /// <summary>The same entry, with the first bytes of its command left out for whoever it is shown to.</summary>
    /// <param name="dataBytes">How many, at most as many as there are.</param>
    internal LogEntry WithoutFirst(int dataBytes)
    {
        Invariant.Require(dataBytes <= Data.Length, "no more is left out of a command than it has");
        return new LogEntry(_batch, _position, _leftOut + dataBytes);
    }

    /// <inheritdoc/>
    public override string ToString() => $"({Index},{Term}) {Type} {Data.Length} bytes";
}
