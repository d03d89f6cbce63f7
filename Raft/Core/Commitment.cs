using Raft.Mutations;

namespace Raft.Core;

/// <summary>
/// The matchIndex tracker of one leadership: how far each voter's log is known to match, durably, and so what is
/// committed (§5.3, §5.4.2). Pure; owned by the leader role.
/// </summary>
internal sealed class Commitment
{
    private readonly ulong _firstIndexOfTerm;
    private readonly Mutation _mutation;
    private readonly List<(ServerId Id, ulong MatchIndex)> _voters = [];
    private ulong[] _sorted = [];

    /// <summary>Begins to count for a leadership.</summary>
    /// <param name="configuration">The configuration in force.</param>
    /// <param name="firstIndexOfTerm">The index of the first entry that this leader appends.</param>
    /// <param name="commitIndex">What is known to be committed already.</param>
    /// <param name="mutation">The bug planted here; none in production.</param>
    public Commitment(
        ClusterConfiguration configuration, ulong firstIndexOfTerm, ulong commitIndex, Mutation mutation = Mutation.None)
    {
        _mutation = mutation;
        _firstIndexOfTerm = firstIndexOfTerm;
        CommitIndex = commitIndex;
        SetConfiguration(configuration);
    }

    /// <summary>The highest index known to be committed. Never falls.</summary>
    public ulong CommitIndex { get; private set; }

    /// <summary>Whether an entry of the leader's own term is committed: only then is the commit index current (§8).</summary>
    public bool HasCommittedOwnTerm => CommitIndex >= _firstIndexOfTerm;

    /// <summary>Counts by another configuration; voters that stay keep what is known of them.</summary>
    /// <returns>Whether the commit index rose.</returns>
    public bool SetConfiguration(ClusterConfiguration configuration)
    {
        var known = new List<(ServerId Id, ulong MatchIndex)>(_voters);
        _voters.Clear();
        foreach (Server server in configuration.Servers)
        {
            if (server.IsVoter || _mutation == Mutation.NonvoterCounted)
            {
                _voters.Add((server.Id, known.Find(v => v.Id == server.Id).MatchIndex));
            }
        }

        if (_mutation == Mutation.RemovedServerCounted)
        {
            _voters.AddRange(known.Where(k => !_voters.Exists(v => v.Id == k.Id)));
        }

        _sorted = new ulong[_voters.Count];
        return Recalculate();
    }

    /// <summary>Notes that a server's log matches up to an index, durably. Nonvoters are not counted.</summary>
    /// <returns>Whether the commit index rose.</returns>
    public bool Match(ServerId id, ulong matchIndex)
    {
        int at = Find(id);
        if (at < 0 || matchIndex <= _voters[at].MatchIndex)
        {
            return false;
        }

        _voters[at] = (id, matchIndex);
        return Recalculate();
    }

    /// <summary>Forgets what is known of a server whose log turned out to hold less than it had acknowledged.</summary>
    public void Forget(ServerId id)
    {
        int at = Find(id);
        if (at >= 0)
        {
            _voters[at] = (id, 0);
        }
    }

    private int Find(ServerId id)
    {
        for (int i = 0; i < _voters.Count; i++)
        {
            if (_voters[i].Id == id)
            {
                return i;
            }
        }

        return -1;
    }

    private bool Recalculate()
    {
        if (_voters.Count == 0)
        {
            return false;
        }

        for (int i = 0; i < _sorted.Length; i++)
        {
            _sorted[i] = _voters[i].MatchIndex;
        }

        Array.Sort(_sorted);
        int slowestNeeded = (_sorted.Length - 1) / 2;
        ulong quorumIndex = _sorted[
            _mutation == Mutation.QuorumOffByOne ? Math.Min(slowestNeeded + 1, _sorted.Length - 1) : slowestNeeded];

        // Copies of an older term's entry prove nothing: a later leader may still erase it (§5.4.2, figure 8).
        // So counting starts at our own first entry; what lies before it commits along with it.
        bool isOldTerm = quorumIndex < _firstIndexOfTerm && _mutation != Mutation.CommitOldTerm;
        if (isOldTerm || quorumIndex <= CommitIndex)
        {
            return false;
        }

        CommitIndex = quorumIndex;
        return true;
    }
}
