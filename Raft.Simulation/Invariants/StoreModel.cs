namespace Raft.Simulation.Invariants;

/// <summary>
/// What must be on one server's disk: everything whose write completed, and perhaps a part of the one write under way.
/// It is the truth by which nodes' claims of durability are judged, and by which stores are judged when they are opened
/// again.
/// </summary>
internal sealed class StoreModel
{
    private readonly List<EntryMark> _appending = [];
    private ulong _appendingFrom;
    private ulong _truncatingFrom;
    private ulong _compactedThrough;
    private bool _isDroppingAll;
    private TermAndVote? _saving;

    /// <summary>The snapshots that are durable.</summary>
    public SnapshotModel Snapshots { get; } = new();

    /// <summary>The log that is durable. What the store was allowed to drop from its front stays in it.</summary>
    public EntryList Log { get; } = new();

    /// <summary>The term and vote that are durable; null where there never was any.</summary>
    public TermAndVote? Record { get; private set; }

    /// <summary>The term that is durable.</summary>
    public ulong Term => Record?.Term ?? 0;

    /// <summary>An append begins.</summary>
    public void BeginAppend(LogAppend append)
    {
        _appending.Clear();
        _appendingFrom = append.FirstIndex;
        if (_appendingFrom != Log.LastIndex + 1 && Log.LastIndex <= _compactedThrough)
        {
            // All that was there was let go of, and the log goes on behind a snapshot.
            Log.Begin(_appendingFrom, 0);
        }

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
    /// <param name="fromIndex">The first entry to go.</param>
    /// <param name="isWhole">Whether all go, those included that the store may have dropped from its front.</param>
    public void BeginTruncate(ulong fromIndex, bool isWhole)
    {
        _truncatingFrom = fromIndex;
        _isDroppingAll = isWhole;
    }

    /// <summary>The truncation has completed.</summary>
    public void EndTruncate()
    {
        Log.DropFrom(_isDroppingAll ? 0 : _truncatingFrom);
        _truncatingFrom = 0;
        _isDroppingAll = false;
    }

    /// <summary>The store may drop entries from the front, from now on.</summary>
    public void Compact(ulong throughIndex) => _compactedThrough = Math.Max(_compactedThrough, throughIndex);

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
    public string? Reopened(EntryList log, TermAndVote? record, IReadOnlyList<SnapshotMeta> snapshots)
    {
        string? wrong = Compare(log) ?? Compare(record) ?? Snapshots.Reopened(snapshots);
        Log.CopyFrom(log);
        Record = record;
        _appending.Clear();
        _truncatingFrom = 0;
        _isDroppingAll = false;
        _saving = null;
        return wrong;
    }

    /// <summary>The disk was lost, and a blank one took its place.</summary>
    public void Wipe()
    {
        Log.Begin(1, 0);
        Record = null;
        _compactedThrough = 0;
        Snapshots.Clear();
        _appending.Clear();
        _truncatingFrom = 0;
        _isDroppingAll = false;
        _saving = null;
    }

    private string? Compare(EntryList log)
    {
        if (log.IsEmpty)
        {
            return Log.IsEmpty || _isDroppingAll || _truncatingFrom == Log.FirstIndex || Log.LastIndex <= _compactedThrough
                ? null
                : $"the log is empty, where it ended at {Log.LastIndex}";
        }

        ulong last = Log.IsEmpty ? _appendingFrom - 1 : Log.LastIndex;
        ulong least = _isDroppingAll ? 0 : _truncatingFrom == 0 ? last : Math.Min(last, _truncatingFrom - 1);
        ulong most = last + (ulong)_appending.Count;
        if (log.LastIndex < least || log.LastIndex > most)
        {
            return $"the log ends at {log.LastIndex}, where {least} to {most} is possible";
        }

        if (_truncatingFrom != 0 && log.LastIndex != least && log.LastIndex != last)
        {
            return $"the log ends at {log.LastIndex} after a truncation from {_truncatingFrom} that was under way";
        }

        ulong first = Log.IsEmpty ? _appendingFrom : Log.FirstIndex;
        if (log.FirstIndex < first || log.FirstIndex > Math.Max(first, _compactedThrough + 1))
        {
            return $"the log begins at {log.FirstIndex}, where {first} to {_compactedThrough + 1} is possible";
        }

        for (ulong index = log.FirstIndex; index <= log.LastIndex; index++)
        {
            EntryMark? expected = Log[index] ?? _appending[(int)(index - _appendingFrom)];
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
