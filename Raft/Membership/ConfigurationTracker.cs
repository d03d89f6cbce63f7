namespace Raft.Membership;

/// <summary>
/// The configurations of the newest snapshot and of the log behind it: the latest is in force as soon as it is appended,
/// and gives way to the one before it where its entry is truncated (thesis 4.1). Owned by the loop.
/// </summary>
internal sealed class ConfigurationTracker
{
    // Index order. The first one is that of the newest snapshot, or none.
    private readonly List<(ulong Index, ClusterConfiguration Configuration)> _history = [(0, ClusterConfiguration.Empty)];

    /// <summary>The configuration in force.</summary>
    public ClusterConfiguration Latest => _history[^1].Configuration;

    /// <summary>The configuration before it, as far as it is known.</summary>
    public ClusterConfiguration Previous => _history.Count > 1 ? _history[^2].Configuration : ClusterConfiguration.Empty;

    /// <summary>The index of the entry that holds it; 0 for none.</summary>
    public ulong LatestIndex => _history[^1].Index;

    /// <summary>Takes a configuration that was appended.</summary>
    public void Append(ulong index, ClusterConfiguration configuration)
    {
        Invariant.Require(index > LatestIndex, "configurations are noted in the order of the log");
        _history.Add((index, configuration));
    }

    /// <summary>Falls back where entries from an index on were truncated.</summary>
    /// <returns>Whether another configuration is in force now.</returns>
    public bool TruncateSuffix(ulong fromIndex)
    {
        bool hasChanged = false;
        while (LatestIndex >= fromIndex)
        {
            _history.RemoveAt(_history.Count - 1);
            hasChanged = true;
        }

        return hasChanged;
    }

    /// <summary>The newest configuration at or below an index, which no snapshot is beyond.</summary>
    public (ulong Index, ClusterConfiguration Configuration) At(ulong index)
    {
        int at = _history.FindLastIndex(c => c.Index <= index);
        Invariant.Require(at >= 0, "configurations are kept from the newest snapshot on");
        return _history[at];
    }

    /// <summary>Forgets what lies before the configuration in force at an index: there is a snapshot of it.</summary>
    public void TruncatePrefix(ulong snapshotIndex)
    {
        while (_history.Count > 1 && _history[1].Index <= snapshotIndex)
        {
            _history.RemoveAt(0);
        }
    }

    /// <summary>Takes over a snapshot's configuration; of the others stay those behind the snapshot.</summary>
    /// <returns>Whether another configuration is in force now.</returns>
    public bool Install(SnapshotPoint snapshot)
    {
        ulong before = LatestIndex;
        _history.RemoveAll(c => c.Index <= snapshot.Index);
        _history.Insert(0, (snapshot.ConfigurationIndex, snapshot.Configuration));
        return LatestIndex != before;
    }
}
