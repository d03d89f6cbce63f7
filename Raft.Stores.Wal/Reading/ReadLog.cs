using Raft.Stores.Wal.Segments;

namespace Raft.Stores.Wal.Reading;

/// <summary>The entries of a <see cref="WalReader"/>. Nothing is ever written.</summary>
internal sealed class ReadLog(string directory, SegmentSet segments, ulong commitIndex) : ILogStore, ICommitHint
{
    /// <inheritdoc/>
    public ulong FirstIndex => segments.FirstIndex;

    /// <inheritdoc/>
    public ulong LastIndex => segments.LastIndex;

    /// <inheritdoc/>
    public ulong KnownCommitIndex => commitIndex;

    /// <inheritdoc/>
    public ValueTask AppendAsync(LogAppend append) => throw WalReader.ReadOnly(directory);

    /// <inheritdoc/>
    public ValueTask TruncateSuffixAsync(ulong fromIndex) => throw WalReader.ReadOnly(directory);

    /// <inheritdoc/>
    public ValueTask TruncatePrefixAsync(ulong throughIndex) => throw WalReader.ReadOnly(directory);

    /// <inheritdoc/>
    public async ValueTask<LogBatch> ReadAsync(ulong fromIndex, ulong throughIndex, int bytesMax)
    {
        var reader = new RunReader(fromIndex, throughIndex, bytesMax);
        while (!reader.IsDone
            && segments.TryBeginRead(reader.NextIndex, throughIndex, bytesMax, out Segment? segment, out EntryRange range))
        {
            await reader.ReadAsync(segment, range);
            segments.EndRead(segment);
        }

        return RunDecoding.Decode(reader, fromIndex, segments, directory);
    }
}
