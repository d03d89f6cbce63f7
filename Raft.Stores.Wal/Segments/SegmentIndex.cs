namespace Raft.Stores.Wal.Segments;

/// <summary>
/// Where a segment's entries stand. Only one record in some <see cref="AnchorSpacing"/> bytes is remembered: a read
/// begins at the one before and checks its way, so that memory stays below one percent of the log.
/// </summary>
/// <remarks>Guarded by the <see cref="SegmentSet"/> that the segment is in.</remarks>
internal sealed class SegmentIndex
{
    public const int AnchorSpacing = 4096;

    private readonly List<Anchor> _anchors = [];
    private bool _isRunEnded = true;

    /// <summary>The first entry that stands here and was not truncated, or 0.</summary>
    public ulong FirstIndex { get; private set; }

    /// <summary>The last one, or 0.</summary>
    public ulong LastIndex { get; private set; }

    /// <summary>Notes the next entry.</summary>
    /// <param name="index">Its index.</param>
    /// <param name="offset">Where its record begins.</param>
    /// <param name="chain">The checksum of what stands before the record.</param>
    public void Add(ulong index, long offset, uint chain)
    {
        if (_isRunEnded || offset - _anchors[^1].Offset >= AnchorSpacing)
        {
            _anchors.Add(new Anchor(index, (uint)offset, chain, StartsRun: _isRunEnded));
            _isRunEnded = false;
        }

        FirstIndex = FirstIndex == 0 ? index : FirstIndex;
        LastIndex = index;
    }

    /// <summary>Forgets the entries from an index on; a later entry does not stand right behind those before it.</summary>
    public void DropFrom(ulong index)
    {
        _isRunEnded = true;
        if (LastIndex < index)
        {
            return;
        }

        if (index <= FirstIndex)
        {
            _anchors.Clear();
            FirstIndex = 0;
            LastIndex = 0;
            return;
        }

        _anchors.RemoveRange(AnchorOf(index - 1) + 1, _anchors.Count - AnchorOf(index - 1) - 1);
        LastIndex = index - 1;
    }

    /// <summary>Finds where entries stand.</summary>
    /// <param name="fromIndex">The first; must be held here.</param>
    /// <param name="throughIndex">The last wanted.</param>
    /// <param name="bytesMax">How many bytes are wanted; the range has a little more, if there are more.</param>
    /// <param name="end">Where the segment's records end.</param>
    /// <returns>The range to read, which may end before the last wanted.</returns>
    public EntryRange Find(ulong fromIndex, ulong throughIndex, int bytesMax, long end)
    {
        int first = AnchorOf(fromIndex);
        int next = first + 1;
        while (next < _anchors.Count && !_anchors[next].StartsRun && _anchors[next].Index <= throughIndex
            && _anchors[next].Offset - _anchors[first].Offset <= (long)bytesMax + AnchorSpacing)
        {
            next++;
        }

        return next == _anchors.Count
            ? new EntryRange(_anchors[first], LastIndex, end)
            : new EntryRange(_anchors[first], _anchors[next].Index - 1, _anchors[next].Offset);
    }

    /// <summary>The position of the last anchor at or before an index.</summary>
    private int AnchorOf(ulong index)
    {
        int low = 0;
        int high = _anchors.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_anchors[middle].Index <= index)
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
