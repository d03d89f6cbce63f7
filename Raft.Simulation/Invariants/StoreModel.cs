namespace Raft.Simulation.Invariants;

/// <summary>
/// What must be on one server's disk: everything whose write completed, and perhaps a part of the one write under way.
/// It is the truth by which nodes' claims of durability are judged, and by which stores are judged when they are opened
/// again.
/// </summary>
internal sealed class StoreModel
{
    private readonly List<EntryMark> _appending = [];
    private ulong _truncatingFrom;
    private TermAndVote? _saving;

    /// <summary>The log that is durable.</summary>
    public EntryList Log { get; } = new();

    /// <summary>The term and vote that are durable; null where there never was any.</summary>
    public TermAndVote? Record { get; private set; }

    /// <summary>The term that is durable.</summary>
    public ulong Term => Record?.Term ?? 0;

    /// <summary>An append begins.</summary>
    public void BeginAppend(LogAppend append)
    {
        _appending.Clear();
        foreach (LogSlice slice in append.Slices)
        {
            for (int i = 0; i < slice.Count; i++)
            {
                _appending.Add(EntryMark.Of(slice[i]));
            }
        }
    }

    /// <summary>The append has completed.</summary>
    public void EndAppend(ulong firstIndex)
    {
        foreach (EntryMark mark in _appending)
        {
            Log.Add(firstIndex++, mark);
        }

        _appending.Clear();
    }

    /// <summary>A truncation begins.</summary>
    public void BeginTruncate(ulong fromIndex) => _truncatingFrom = fromIndex;

    /// <summary>The truncation has completed.</summary>
    public void EndTruncate()
    {
        Log.DropFrom(_truncatingFrom);
        _truncatingFrom = 0;
    }

    /// <summary>A term and vote are being written.</summary>
    public void BeginSave(TermAndVote record) => _saving = record;

    /// <summary>They have been written.</summary>
    public void EndSave()
    {
        Record = _saving;
        _saving = null;
    }

    /// <summary>Compares what a store shows after it was opened with what it may show, and takes it over.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Reopened(EntryList log, TermAndVote? record)
    {
        string? wrong = Compare(log) ?? Compare(record);
        Log.CopyFrom(log);
        Record = record;
        _appending.Clear();
        _truncatingFrom = 0;
        _saving = null;
        return wrong;
    }

    private string? Compare(EntryList log)
    {
        ulong least = _truncatingFrom == 0 ? Log.LastIndex : Math.Min(Log.LastIndex, _truncatingFrom - 1);
        ulong most = Log.LastIndex + (ulong)_appending.Count;
        if (log.LastIndex < least || log.LastIndex > most)
        {
            return $"the log ends at {log.LastIndex}, where {least} to {most} is possible";
        }

        if (_truncatingFrom != 0 && log.LastIndex != least && log.LastIndex != Log.LastIndex)
        {
            return $"the log ends at {log.LastIndex} after a truncation from {_truncatingFrom} that was under way";
        }

        for (ulong index = Log.FirstIndex; index <= log.LastIndex; index++)
        {
            EntryMark? expected = Log[index] ?? _appending[(int)(index - Log.LastIndex - 1)];
            if (log[index] != expected)
            {
                return $"entry {index} is ({log[index]}), where ({expected}) was written";
            }
        }

        return null;
    }

    private string? Compare(TermAndVote? record) =>
        Equals(record, Record) || (_saving is not null && Equals(record, _saving))
            ? null
            : $"the record is {record?.ToString() ?? "missing"}, where {Record?.ToString() ?? "none"} was durable and "
                + $"{_saving?.ToString() ?? "none"} under way";
}
