using System.Diagnostics.CodeAnalysis;

namespace Raft.Stores.Wal.Segments;

/// <summary>All segments of a log, oldest first, and which entries stand where. Changed by the log's one writer.</summary>
internal sealed class SegmentSet
{
    private readonly List<Segment> _segments = [];

    // The state machine's task reads beside the writer, on another scheduler; nothing waits while this is held.
    private readonly Lock _lock = new();
    private ulong _firstIndex;
    private ulong _lastIndex;

    /// <summary>The lowest index held, or 0.</summary>
    public ulong FirstIndex => Volatile.Read(ref _firstIndex);

    /// <summary>The highest index held, or 0.</summary>
    public ulong LastIndex => Volatile.Read(ref _lastIndex);

    /// <summary>The segment that is written to. Only the writer asks.</summary>
    public Segment Newest => _segments[^1];

    /// <summary>All segments. Only the writer asks, and does not change the set while it looks.</summary>
    public IReadOnlyList<Segment> All => _segments;

    /// <summary>Adds the newest segment.</summary>
    public void Add(Segment segment)
    {
        lock (_lock)
        {
            _segments.Add(segment);
        }
    }

    /// <summary>Notes the next entry, in the newest segment.</summary>
    public void AddEntry(ulong index, long offset, uint chain)
    {
        lock (_lock)
        {
            AddLocked(index, offset, chain);
        }
    }

    /// <summary>Notes a group of entries that is durable now.</summary>
    public void AddGroup(BuiltGroup group)
    {
        lock (_lock)
        {
            var records = new RecordWalk(group);
            for (ulong index = group.FirstIndex; records.MoveNext(); index++)
            {
                AddLocked(index, records.Offset, records.ChainBefore);
            }

            Newest.End = group.Offset + group.Bytes.Length;
            Newest.Chain = records.Chain;
        }
    }

    /// <summary>Forgets the entries from an index on.</summary>
    public void DropFrom(ulong index)
    {
        lock (_lock)
        {
            foreach (Segment segment in _segments)
            {
                segment.Index.DropFrom(index);
            }

            Bounds();
        }
    }

    /// <summary>Forgets the entries from an index on, as a group says that is durable now.</summary>
    public void DropFrom(ulong index, BuiltGroup group)
    {
        lock (_lock)
        {
            DropFrom(index);
            var records = new RecordWalk(group);
            records.MoveNext();
            Newest.End = group.Offset + group.Bytes.Length;
            Newest.Chain = records.Chain;
        }
    }

    /// <summary>Forgets the entries from an index on, and that anything was written behind an offset.</summary>
    public void GoBack(ulong index, long end, uint chain)
    {
        lock (_lock)
        {
            DropFrom(index);
            Newest.End = end;
            Newest.Chain = chain;
        }
    }

    /// <summary>Takes out the oldest segment if all its entries may go and it is not the newest.</summary>
    /// <param name="throughIndex">The highest index that may go.</param>
    /// <returns>The segment, or null.</returns>
    public Segment? TakeOldest(ulong throughIndex)
    {
        lock (_lock)
        {
            // With no entry left a segment has nothing to say: truncations in it concern entries before it.
            if (_segments.Count < 2 || _segments[0].Index.LastIndex > throughIndex)
            {
                return null;
            }

            Segment oldest = _segments[0];
            _segments.RemoveAt(0);
            Bounds();
            return oldest;
        }
    }

    /// <summary>Finds where entries stand and keeps that segment open until <see cref="EndRead"/>.</summary>
    public bool TryBeginRead(
        ulong fromIndex, ulong throughIndex, int bytesMax, [NotNullWhen(true)] out Segment? segment, out EntryRange range)
    {
        lock (_lock)
        {
            segment = null;
            range = default;
            if (fromIndex == 0 || fromIndex < _firstIndex || fromIndex > _lastIndex)
            {
                return false;
            }

            segment = _segments[SegmentOf(fromIndex)];
            range = segment.Index.Find(fromIndex, throughIndex, bytesMax, segment.End);
            segment.Readers++;
            return true;
        }
    }

    /// <summary>Ends a read.</summary>
    /// <returns>Whether the caller closes the file now.</returns>
    public bool EndRead(Segment segment)
    {
        lock (_lock)
        {
            segment.Readers--;
            return segment.IsDropped && segment.Readers == 0;
        }
    }

    /// <summary>Notes that a segment's file is deleted.</summary>
    /// <returns>Whether the caller closes the file now; else its last reader does.</returns>
    public bool Drop(Segment segment)
    {
        lock (_lock)
        {
            segment.IsDropped = true;
            return segment.Readers == 0;
        }
    }

    private void AddLocked(ulong index, long offset, uint chain)
    {
        Newest.Index.Add(index, offset, chain);
        _firstIndex = _firstIndex == 0 ? index : _firstIndex;
        _lastIndex = index;
    }

    private void Bounds()
    {
        _firstIndex = 0;
        _lastIndex = 0;
        foreach (Segment segment in _segments)
        {
            if (segment.Index.LastIndex != 0)
            {
                _firstIndex = _firstIndex == 0 ? segment.Index.FirstIndex : _firstIndex;
                _lastIndex = segment.Index.LastIndex;
            }
        }
    }

    // A segment without entries has nothing to compare by, so the search looks at those before it.
    private int SegmentOf(ulong index)
    {
        int at = _segments.Count - 1;
        while (_segments[at].Index.LastIndex == 0 || _segments[at].Index.FirstIndex > index)
        {
            at--;
        }

        return at;
    }
}
