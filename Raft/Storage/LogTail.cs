namespace Raft.Storage;

/// <summary>
/// The newest entries, in memory: all that are not durable; those that are not committed, which followers are about to ask
/// for, up to one limit in bytes; and older ones up to another for followers that are a little behind. Owned by
/// <see cref="RaftLog"/>.
/// </summary>
internal sealed class LogTail(long bytesMax, long uncommittedBytesMax)
{
    // From _head on, in index order without gaps; the head moves up as chunks are released.
    private readonly List<Chunk> _chunks = [];
    private int _head;
    private int _durable;
    private long _bytes;

    /// <summary>Bytes of the entries held.</summary>
    public long Bytes => _bytes;

    /// <summary>The first index held; null while there is none.</summary>
    public ulong? FirstIndex => _chunks.Count > _head ? _chunks[_head].Slice.FirstIndex : null;

    public void Append(LogSlice slice, ulong sequence)
    {
        _chunks.Add(new Chunk(slice, sequence));
        _bytes += slice.Encoded.Length;
    }

    public void TruncateSuffix(ulong fromIndex)
    {
        while (_chunks.Count > _head && _chunks[^1].Slice.LastIndex >= fromIndex)
        {
            Chunk last = _chunks[^1];
            _chunks.RemoveAt(_chunks.Count - 1);
            _bytes -= last.Slice.Encoded.Length;
            if (last.Slice.FirstIndex < fromIndex)
            {
                LogSlice kept = last.Slice.Before(fromIndex);
                _chunks.Add(last with { Slice = kept });
                _bytes += kept.Encoded.Length;
                break;
            }
        }

        _durable = Math.Min(_durable, _chunks.Count);
    }

    /// <summary>Lets go of everything.</summary>
    public void Clear()
    {
        _chunks.Clear();
        _head = 0;
        _durable = 0;
        _bytes = 0;
    }

    /// <summary>Notes that all sequences up to this one are durable.</summary>
    /// <returns>The highest index here that is durable, or 0 where none of the entries here is.</returns>
    public ulong OnDurable(ulong sequence)
    {
        while (_durable < _chunks.Count && _chunks[_durable].Sequence <= sequence)
        {
            _durable++;
        }

        return _durable > _head ? _chunks[_durable - 1].Slice.LastIndex : 0;
    }

    /// <summary>Drops the oldest chunks, of those that are durable, while there are more bytes than the limit.</summary>
    /// <param name="durableIndex">What lies above it is kept whatever it takes.</param>
    /// <param name="commitIndex">For what lies above it the limit is that of entries that are not committed.</param>
    public void Release(ulong durableIndex, ulong commitIndex)
    {
        while (_head < _durable && _chunks[_head].Slice.LastIndex is var last && last <= durableIndex
            && _bytes > (last <= commitIndex ? bytesMax : Math.Max(bytesMax, uncommittedBytesMax)))
        {
            _bytes -= _chunks[_head].Slice.Encoded.Length;
            _chunks[_head++] = default;
        }

        if (_head > 64 && _head > _chunks.Count / 2)
        {
            _chunks.RemoveRange(0, _head);
            _durable -= _head;
            _head = 0;
        }
    }

    public bool TryRead(ulong fromIndex, ulong throughIndex, int countMax, int bytesMax, List<LogSlice> slices)
    {
        if (_chunks.Count == _head || fromIndex < _chunks[_head].Slice.FirstIndex)
        {
            return false;
        }

        int bytes = 0;
        int count = 0;
        for (int at = Find(fromIndex); at < _chunks.Count && fromIndex <= throughIndex; at++)
        {
            LogSlice part = _chunks[at].Slice.From(fromIndex);
            if (part.LastIndex > throughIndex)
            {
                part = part.Before(throughIndex + 1);
            }

            int taken = Fit(part, countMax - count, bytesMax - bytes, isFirst: count == 0);
            if (taken == 0)
            {
                break;
            }

            LogSlice slice = part with { Count = taken };
            slices.Add(slice);
            count += taken;
            bytes += slice.Encoded.Length;
            fromIndex += (ulong)taken;
            if (taken < part.Count)
            {
                break;
            }
        }

        return true;
    }

    private static int Fit(LogSlice slice, int countMax, int bytesMax, bool isFirst)
    {
        int count = Math.Min(slice.Count, countMax);
        if (count <= 0)
        {
            return 0;
        }

        if (slice.Batch.EncodedRange(slice.Start, count).Length <= bytesMax)
        {
            return count;
        }

        int fit = 0;
        int bytes = 0;
        while (fit < count && (bytes += slice.Batch.EncodedAt(slice.Start + fit).Length) <= bytesMax)
        {
            fit++;
        }

        return fit == 0 && isFirst ? 1 : fit;
    }

    private int Find(ulong index)
    {
        int low = _head;
        int high = _chunks.Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_chunks[middle].Slice.LastIndex < index)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private readonly record struct Chunk(LogSlice Slice, ulong Sequence);
}
