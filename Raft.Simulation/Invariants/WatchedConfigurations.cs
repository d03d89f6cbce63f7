using Raft.Simulation.Kernel;

namespace Raft.Simulation.Invariants;

/// <summary>
/// The configurations in one node's log and newest snapshot, kept apart from what the node itself goes by, and held
/// against that.
/// </summary>
internal sealed class WatchedConfigurations(SimKernel kernel, ClusterLedger ledger, string name)
{
    private readonly List<(ulong Index, ClusterConfiguration Configuration)> _history = [(0, ClusterConfiguration.Empty)];
    private readonly List<(long Step, ClusterConfiguration Configuration)> _inForce = [(0, ClusterConfiguration.Empty)];
    private ulong _announced;

    /// <summary>The one in force.</summary>
    public ClusterConfiguration Latest => _history[^1].Configuration;

    /// <summary>The one before it, as far as it is known.</summary>
    public ClusterConfiguration Previous => _history.Count > 1 ? _history[^2].Configuration : ClusterConfiguration.Empty;

    /// <summary>The index of the entry that holds it.</summary>
    public ulong LatestIndex => _history[^1].Index;

    /// <summary>All that were in force at a step or since.</summary>
    public IEnumerable<ClusterConfiguration> Since(long step)
    {
        int first = _inForce.FindLastIndex(c => c.Step <= step);
        return _inForce.Skip(Math.Max(first, 0)).Select(c => c.Configuration);
    }

    /// <summary>What a node finds when it starts.</summary>
    public void Load(EntryList log, SnapshotMeta? snapshot)
    {
        _history.Clear();
        _history.Add((snapshot?.Point.ConfigurationIndex ?? 0, snapshot?.Point.Configuration ?? ClusterConfiguration.Empty));
        foreach (((ulong Index, ulong Term) entry, ClusterConfiguration configuration) in ledger.Configurations.Known
            .Where(k => k.Entry.Index > (snapshot?.Index ?? 0) && log[k.Entry.Index]?.Term == k.Entry.Term)
            .OrderBy(k => k.Entry.Index))
        {
            _history.Add((entry.Index, configuration));
        }

        _announced = LatestIndex;
        Note();
    }

    /// <summary>An entry with a configuration was appended.</summary>
    public void Append(ulong index, ClusterConfiguration configuration)
    {
        _history.Add((index, configuration));
        Note();
    }

    /// <summary>Entries from an index on are gone.</summary>
    /// <returns>Whether another configuration is in force now.</returns>
    public bool Truncate(ulong fromIndex)
    {
        int gone = _history.RemoveAll(c => c.Index >= fromIndex && c.Index > 0);
        if (_history.Count == 0)
        {
            _history.Add((0, ClusterConfiguration.Empty));
        }

        Note();
        return gone > 0;
    }

    /// <summary>A snapshot was installed.</summary>
    public void Install(SnapshotPoint point)
    {
        _history.RemoveAll(c => c.Index <= point.Index);
        _history.Insert(0, (point.ConfigurationIndex, point.Configuration));
        Note();
    }

    /// <summary>The node says which one is in force.</summary>
    public void Announced(ulong index, ClusterConfiguration configuration)
    {
        _announced = index;
        if (index == LatestIndex && !configuration.Equals(Latest))
        {
            ledger.Violated(Rule.InForce, $"{name} goes by {configuration}; at {index} its log holds {Latest}");
        }
    }

    /// <summary>Compares what the node goes by with its log.</summary>
    public void Settle()
    {
        if (_announced != LatestIndex)
        {
            ledger.Violated(
                Rule.InForce, $"{name} goes by the configuration at {_announced}; the newest of its log is at {LatestIndex}");
        }
    }

    private void Note()
    {
        if (!ReferenceEquals(_inForce[^1].Configuration, Latest))
        {
            _inForce.Add((kernel.Steps, Latest));
        }
    }
}
