namespace Raft.Simulation.Invariants;

/// <summary>Which snapshots must be on one server's disk, and which may be: those whose commit is under way, or failed.</summary>
internal sealed class SnapshotModel
{
    private readonly Dictionary<string, SnapshotPoint> _uncertain = [];
    private readonly List<SnapshotMeta> _durable = [];

    /// <summary>The newest that is durable; null where none is.</summary>
    public SnapshotMeta? Newest { get; private set; }

    /// <summary>What the newest one covers.</summary>
    public ulong Index => Newest?.Index ?? 0;

    /// <summary>Whether a snapshot of that point is durable.</summary>
    public bool Holds(ulong index, ulong term) => _durable.Exists(s => s.Index == index && s.Term == term);

    /// <summary>A commit begins.</summary>
    public void Begin(string id, SnapshotPoint point) => _uncertain[id] = point;

    /// <summary>It has completed.</summary>
    public void End(SnapshotMeta snapshot)
    {
        if (!_uncertain.Remove(snapshot.Id))
        {
            return;
        }

        _durable.Add(snapshot);

        // Of two at one place the later one counts, as long as no clock goes back.
        Newest = Newest is null || !IsNewer(Newest, snapshot) ? snapshot : Newest;
    }

    /// <summary>Compares what a store shows after it was opened with what it may show, and takes it over.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Reopened(IReadOnlyList<SnapshotMeta> shown)
    {
        string? wrong = null;
        if (Newest is { } least && (shown.Count == 0 || IsNewer(least, shown[0])))
        {
            wrong = $"the newest snapshot is {(shown.Count == 0 ? "missing" : shown[0].Id)}, where {least.Id} was durable";
        }

        foreach (SnapshotMeta snapshot in shown)
        {
            SnapshotPoint? point = _uncertain.GetValueOrDefault(snapshot.Id) ?? _durable.Find(s => s.Id == snapshot.Id)?.Point;
            if (point is null || point.Index != snapshot.Index || point.Term != snapshot.Term
                || point.ConfigurationIndex != snapshot.Point.ConfigurationIndex
                || !point.Configuration.Equals(snapshot.Point.Configuration))
            {
                wrong ??= $"snapshot {snapshot.Id} is there, which was never complete, or was another";
            }
        }

        Clear();
        _durable.AddRange(shown);
        Newest = shown.Count > 0 ? shown[0] : null;
        return wrong;
    }

    /// <summary>The disk was lost.</summary>
    public void Clear()
    {
        _uncertain.Clear();
        _durable.Clear();
        Newest = null;
    }

    private static bool IsNewer(SnapshotMeta one, SnapshotMeta other) =>
        one.Term != other.Term ? one.Term > other.Term : one.Index > other.Index;
}
