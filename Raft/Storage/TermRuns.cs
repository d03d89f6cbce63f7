namespace Raft.Storage;

/// <summary>
/// The term of every entry in the log, kept as runs: a few words for each leader that ever wrote, whatever the log's
/// length. So the log can be compared with a leader's without a read. Owned by <see cref="RaftLog"/>.
/// </summary>
internal sealed class TermRuns
{
    private readonly List<(ulong FirstIndex, ulong Term)> _runs = [];

    /// <summary>The term of the last entry noted; 0 where there is none.</summary>
    public ulong LastTerm => _runs.Count == 0 ? 0 : _runs[^1].Term;

    /// <summary>Notes entries behind all those noted before.</summary>
    public void Append(ulong firstIndex, ulong term)
    {
        if (_runs.Count == 0 || _runs[^1].Term != term)
        {
            Invariant.Require(_runs.Count == 0 || _runs[^1].Term < term, "terms in a log never go down");
            _runs.Add((firstIndex, term));
        }
    }

    /// <summary>Forgets the entries from an index on.</summary>
    public void TruncateSuffix(ulong fromIndex)
    {
        while (_runs.Count > 0 && _runs[^1].FirstIndex >= fromIndex)
        {
            _runs.RemoveAt(_runs.Count - 1);
        }
    }

    /// <summary>Forgets what is not needed to tell the terms from an index on.</summary>
    public void TruncatePrefix(ulong firstIndex)
    {
        int gone = 0;
        while (gone + 1 < _runs.Count && _runs[gone + 1].FirstIndex <= firstIndex)
        {
            gone++;
        }

        _runs.RemoveRange(0, gone);
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => _runs.Clear();

    /// <summary>Begins anew behind an entry of some term, which stands in a snapshot.</summary>
    public void Reset(ulong index, ulong term)
    {
        _runs.Clear();
        _runs.Add((index, term));
    }

    /// <summary>The last entry, at or below an index, whose term is not above one; 0 where none is known.</summary>
    public ulong LastUpTo(ulong index, ulong term)
    {
        for (int i = _runs.Count - 1; i >= 0; i--)
        {
            if (_runs[i].FirstIndex <= index && _runs[i].Term <= term)
            {
                return i + 1 < _runs.Count ? Math.Min(index, _runs[i + 1].FirstIndex - 1) : index;
            }
        }

        return 0;
    }

    /// <summary>The term of an entry that the log holds.</summary>
    public ulong TermAt(ulong index)
    {
        int low = 0;
        int high = _runs.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_runs[middle].FirstIndex <= index)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return _runs[low].Term;
    }
}
