namespace Raft.Stores.Wal.Segments;

/// <summary>Makes entries of what a <see cref="RunReader"/> has read.</summary>
internal static class RunDecoding
{
    /// <summary>Decodes the entries.</summary>
    /// <param name="reader">What was read.</param>
    /// <param name="fromIndex">The first entry that was asked for.</param>
    /// <param name="segments">The log that they are of.</param>
    /// <param name="directory">Where that lives.</param>
    /// <exception cref="LogNotFoundException">Nothing was read.</exception>
    /// <exception cref="CorruptStoreException">Something else was.</exception>
    public static LogBatch Decode(RunReader reader, ulong fromIndex, SegmentSet segments, string directory)
    {
        if (reader.NextIndex == fromIndex)
        {
            throw new LogNotFoundException(
                $"The log does not hold entry {fromIndex}; it holds {segments.FirstIndex} to {segments.LastIndex}.");
        }

        try
        {
            LogBatch batch = LogEncoding.Decode(reader.Entries());
            Invariant.Require(batch.FirstIndex == fromIndex, "an entry stands where its index says");
            return batch;
        }
        catch (FormatException notEntries)
        {
            throw new CorruptStoreException(
                $"The log in {directory} holds something else than entries from {fromIndex} on: {notEntries.Message}", notEntries);
        }
    }
}
