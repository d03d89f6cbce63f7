using System.Buffers;
using Raft.Stores.Bolt.Format;
using Raft.Stores.Bolt.Reading;

namespace Raft.Stores.Bolt;

/// <summary>The entries of a <see cref="BoltStore"/>, behind the last gap if there is one. Nothing is ever written.</summary>
internal sealed class BoltLogStore(BoltFile file) : ILogStore
{
    private readonly LogScan _log = file.Log;

    /// <inheritdoc/>
    public ulong FirstIndex => _log.FirstIndex;

    /// <inheritdoc/>
    public ulong LastIndex => _log.LastIndex;

    /// <inheritdoc/>
    public ValueTask AppendAsync(LogAppend append) => throw BoltStore.ReadOnly(file);

    /// <inheritdoc/>
    public ValueTask TruncateSuffixAsync(ulong fromIndex) => throw BoltStore.ReadOnly(file);

    /// <inheritdoc/>
    public ValueTask TruncatePrefixAsync(ulong throughIndex) => throw BoltStore.ReadOnly(file);

    /// <inheritdoc/>
    public async ValueTask<LogBatch> ReadAsync(ulong fromIndex, ulong throughIndex, int bytesMax)
    {
        if (fromIndex == 0 || fromIndex < FirstIndex || fromIndex > LastIndex)
        {
            throw new LogNotFoundException($"Entry {fromIndex} is not held; {FirstIndex} to {LastIndex} are.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(throughIndex, fromIndex);
        throughIndex = Math.Min(throughIndex, LastIndex);
        var bytes = new ArrayBufferWriter<byte>();
        var buffer = new PageBuffer();
        ulong next = fromIndex;
        int number = _log.Inline is null ? LeafOf(fromIndex) : 0;
        Place place;
        bool isFull;
        do
        {
            LeafPage leaf = _log.Inline ?? LeafPage.Read(
                await file.Pages.ReadAsync(_log.Leaves[number].Page, buffer, use: null), file.Pages.PageBytes);
            place = leaf.Place;
            isFull = TakeIn(leaf, ref next, throughIndex, bytesMax, bytes);
            number++;
        }
        while (!isFull && next <= throughIndex && number < _log.Leaves.Count);

        return Decode(bytes.WrittenMemory, fromIndex, count: next - fromIndex, place);
    }

    private static bool TakeIn(LeafPage leaf, ref ulong next, ulong throughIndex, int bytesMax, ArrayBufferWriter<byte> bytes)
    {
        for (int i = 0; i < leaf.Count && next <= throughIndex; i++)
        {
            ulong index = LogScan.Index(leaf, i);
            if (index < next)
            {
                continue;
            }

            ReadOnlyMemory<byte> entry = leaf.Value(i);
            if (index != next || (bytes.WrittenCount > 0 && entry.Length > bytesMax - bytes.WrittenCount))
            {
                return true;
            }

            bytes.Write(entry.Span);
            next++;
        }

        return false;
    }

    private static LogBatch Decode(ReadOnlyMemory<byte> bytes, ulong first, ulong count, Place place)
    {
        try
        {
            LogBatch batch = LogEncoding.Decode(bytes);
            return batch.FirstIndex == first && (ulong)batch.Count == count
                ? batch
                : throw place.Refuse($"other entries stand here than when it was opened, from {first} on");
        }
        catch (FormatException wrong)
        {
            throw place.Refuse($"the entries from {first} on could be decoded when it was opened, and cannot now", wrong);
        }
    }

    private int LeafOf(ulong index)
    {
        int low = 0;
        int high = _log.Leaves.Count - 1;
        while (low < high)
        {
            int middle = high - ((high - low) / 2);
            if (_log.Leaves[middle].FirstIndex <= index)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }
}
