namespace Raft.Storage;

/// <summary>
/// The term of every entry in the log, kept as runs: a few words for each leader that ever wrote, whatever the log's
/// length. So the log can be compared with a leader's without a read. Owned by <see cref="RaftLog"/>.
/// </summary>
internal sealed class TermRuns
{
    private readonly List<(ulong FirstIndex, ulong Term)> _runs = [];

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
