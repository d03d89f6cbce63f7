namespace Raft.Simulation.Invariants;

/// <summary>Every configuration that ever stood in a log, by the entry that holds it, and which of them are committed.</summary>
internal sealed class ConfigurationLedger
{
    private readonly Dictionary<(ulong Index, ulong Term), ClusterConfiguration> _known = [];
    private readonly List<(ulong Index, ClusterConfiguration Configuration)> _committed = [];

    public ConfigurationLedger(ClusterConfiguration founders) => _committed.Add((0, founders));

    /// <summary>The newest that is committed; until one is, that of the founders.</summary>
    public ClusterConfiguration Newest => _committed[^1].Configuration;

    /// <summary>The index of the newest that is committed.</summary>
    public ulong NewestIndex => _committed[^1].Index;

    /// <summary>All that ever stood in a log.</summary>
    public IEnumerable<((ulong Index, ulong Term) Entry, ClusterConfiguration Configuration)> Known =>
        _known.Select(k => (k.Key, k.Value));

    /// <summary>Those of entries above an index: where that is what is committed, each may still come to be.</summary>
    public IEnumerable<ClusterConfiguration> Above(ulong index) => _known.Where(k => k.Key.Index > index).Select(k => k.Value);

    /// <summary>Called when one stands in a log for the first time, with its index.</summary>
    public Action<ulong>? OnNoted { get; set; }

    /// <summary>Called when one is committed, with its index, the one before and the new one; null for nobody.</summary>
    public Action<ulong, ClusterConfiguration, ClusterConfiguration>? OnCommitted { get; set; }

    /// <summary>How many entries with a configuration ever stood in a log.</summary>
    public int Count => _known.Count;

    /// <summary>A configuration stands in a log.</summary>
    public void Note(ulong index, ulong term, ClusterConfiguration configuration)
    {
        if (_known.TryAdd((index, term), configuration))
        {
            OnNoted?.Invoke(index);
        }
    }

    /// <summary>The cluster is recovered with other members, who count as its founders, by its first entry.</summary>
    public void Recovered(ClusterConfiguration configuration)
    {
        _known.Clear();
        _committed.Clear();
        _committed.Add((Loop.ClusterRecovery.ConfigurationIndex, configuration));
    }

    /// <summary>The configuration of an entry; null where it holds none.</summary>
    public ClusterConfiguration? Of(ulong index, ulong term) => _known.GetValueOrDefault((index, term));

    /// <summary>An entry is committed, which may hold a configuration.</summary>
    public void Committed(ulong index, ulong term)
    {
        if (Of(index, term) is { } configuration)
        {
            ClusterConfiguration before = Newest;
            _committed.Add((index, configuration));
            OnCommitted?.Invoke(index, before, configuration);
        }
    }

    /// <summary>The newest that is committed at or below an index.</summary>
    public (ulong Index, ClusterConfiguration Configuration) At(ulong index) => _committed.FindLast(c => c.Index <= index);
}
