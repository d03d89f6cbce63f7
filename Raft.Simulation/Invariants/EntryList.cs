namespace Raft.Simulation.Invariants;

/// <summary>A log as the checkers keep it: the marks of consecutive entries.</summary>
internal sealed class EntryList
{
    private readonly List<EntryMark> _marks = [];
    /// <summary>Whether there is no entry.</summary>
    public bool IsEmpty => _marks.Count == 0;

    /// <summary>The term of the entry before the first; 0 where there is none.</summary>
    public ulong TermBefore { get; set; }

    /// <summary>The index of the first entry, also while there is none.</summary>
    public ulong FirstIndex { get; private set; } = 1;

    /// <summary>The index of the last entry; the one before the first while there is none.</summary>
    public ulong LastIndex => FirstIndex + (ulong)_marks.Count - 1;

    /// <summary>The term of the last entry; while there is none, of the one that a snapshot ends with, or 0.</summary>
    public ulong LastTerm => _marks.Count == 0 ? TermBefore : _marks[^1].Term;

    /// <summary>An entry; null where there is none.</summary>
    public EntryMark? this[ulong index] =>
        index >= FirstIndex && index <= LastIndex ? _marks[(int)(index - FirstIndex)] : null;

    /// <summary>Appends an entry. An empty list may begin anywhere.</summary>
    public void Add(ulong index, EntryMark mark)
    {
        if (_marks.Count == 0)
        {
            FirstIndex = index;
        }

        _marks.Add(mark);
    }

    /// <summary>Drops all entries; the next one stands right behind a snapshot.</summary>
    public void Begin(ulong firstIndex, ulong termBefore)
    {
        _marks.Clear();
        FirstIndex = firstIndex;
        TermBefore = termBefore;
    }

    /// <summary>Drops the entries before an index.</summary>
    public void DropBefore(ulong index)
    {
        if (index > FirstIndex && index <= LastIndex + 1)
        {
            int count = (int)(index - FirstIndex);
            TermBefore = _marks[count - 1].Term;
            _marks.RemoveRange(0, count);
            FirstIndex = index;
        }
    }

    /// <summary>Drops the entries from an index on.</summary>
    public void DropFrom(ulong index)
    {
        if (index <= LastIndex)
        {
            int at = index < FirstIndex ? 0 : (int)(index - FirstIndex);
            _marks.RemoveRange(at, _marks.Count - at);
        }
    }

    /// <summary>Becomes the same as another.</summary>
    public void CopyFrom(EntryList other)
    {
        _marks.Clear();
        _marks.AddRange(other._marks);
        FirstIndex = other.FirstIndex;
        TermBefore = other.TermBefore;
    }

    /// <summary>Whether this log holds the same entries as another, up to an index.</summary>
    public bool IsSameThrough(EntryList other, ulong index)
    {
        for (ulong i = Math.Max(FirstIndex, other.FirstIndex); i <= index; i++)
        {
            if (this[i] != other[i])
            {
                return false;
            }
        }

        return true;
    }
}
