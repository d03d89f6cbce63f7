namespace Raft;

/// <summary>Some consecutive entries of one batch; how logs are handed about without copying.</summary>
/// <param name="Batch">The batch that holds the bytes.</param>
/// <param name="Start">Position of the first entry in the batch.</param>
/// <param name="Count">How many entries; at least one.</param>
public readonly record struct LogSlice(LogBatch Batch, int Start, int Count)
{
    /// <summary>The whole of a batch.</summary>
    /// <param name="batch">The batch.</param>
    public LogSlice(LogBatch batch)
        : this(batch, 0, batch.Count)
    {
    }

    /// <summary>The index of the first entry.</summary>
    public ulong FirstIndex => Batch.FirstIndex + (ulong)Start;

    /// <summary>The index of the last entry.</summary>
    public ulong LastIndex => FirstIndex + (ulong)Count - 1;

    /// <summary>The entries' bytes, side by side.</summary>
    public ReadOnlyMemory<byte> Encoded => Batch.EncodedRange(Start, Count);

    /// <summary>The entry at a position of this slice.</summary>
    /// <param name="position">0 to <see cref="Count"/> - 1.</param>
    public LogEntry this[int position] => Batch[Start + position];

    /// <summary>What is left from an index on.</summary>
    /// <param name="index">An index of this slice.</param>
    /// <returns>The entries from that index to the last.</returns>
    public LogSlice From(ulong index)
    {
        int skipped = (int)(index - FirstIndex);
        return new LogSlice(Batch, Start + skipped, Count - skipped);
    }

    /// <summary>What stands before an index.</summary>
    /// <param name="index">An index above this slice's first.</param>
    /// <returns>The entries below that index.</returns>
    public LogSlice Before(ulong index) => new(Batch, Start, (int)(index - FirstIndex));
}
