namespace Raft.Testing.Contracts;

/// <summary>What a log should hold, as plainly as can be.</summary>
internal sealed class LogModel
{
    private readonly List<string> _entries = [];
    private ulong _term = 1;

    /// <summary>The entries as text, first to last.</summary>
    public IReadOnlyList<string> Entries => _entries;

    /// <summary>How many entries there are.</summary>
    public int Count => _entries.Count;

    /// <summary>The last index, or 0.</summary>
    public ulong LastIndex { get; private set; }

    /// <summary>A term that may be later than those before, and is after a truncation.</summary>
    public ulong NextTerm(Random random) => _term += random.Next(5) == 0 ? 1UL : 0;

    /// <summary>Appends entries.</summary>
    public void Append(LogBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            _entries.Add(TestEntries.Text(batch[i]));
        }

        LastIndex = batch.LastIndex;
    }

    /// <summary>Drops entries from an index on.</summary>
    public void TruncateSuffix(ulong fromIndex)
    {
        _term++;
        while (_entries.Count > 0 && LastIndex >= fromIndex)
        {
            _entries.RemoveAt(_entries.Count - 1);
            LastIndex--;
        }

        LastIndex = _entries.Count == 0 ? 0 : LastIndex;
    }

    /// <summary>Drops entries through an index.</summary>
    public void TruncatePrefix(ulong throughIndex)
    {
        ulong first = LastIndex + 1 - (ulong)_entries.Count;
        if (_entries.Count > 0 && throughIndex >= first)
        {
            _entries.RemoveRange(0, (int)(throughIndex - first + 1));
            LastIndex = _entries.Count == 0 ? 0 : LastIndex;
        }
    }
}
