namespace Raft.Membership;

/// <summary>
/// The configurations that stand in the log: the latest is in force as soon as it is appended, and gives way to the one
/// before it where its entry is truncated (thesis 4.1). Owned by the loop.
/// </summary>
internal sealed class ConfigurationTracker
{
    private readonly List<(ulong Index, ClusterConfiguration Configuration)> _history = [(0, ClusterConfiguration.Empty)];

    /// <summary>The configuration in force.</summary>
    public ClusterConfiguration Latest => _history[^1].Configuration;

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

    /// <summary>Forgets what lies before the newest committed configuration.</summary>
    public void Commit(ulong commitIndex)
    {
        while (_history.Count > 1 && _history[1].Index <= commitIndex)
        {
            _history.RemoveAt(0);
        }
    }
}
