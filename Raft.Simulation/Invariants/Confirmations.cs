namespace Raft.Simulation.Invariants;

/// <summary>Which requests of which leaders servers have accepted: the newest by when it left.</summary>
internal sealed class Confirmations
{
    private readonly Dictionary<(int Leader, int Server), (ulong Term, long AskedAt)> _newest = [];

    /// <summary>A server accepts a request of a leader, which left in some step.</summary>
    public void Add(int server, int leader, ulong term, long? askedAt)
    {
        if (askedAt is { } step && (!_newest.TryGetValue((leader, server), out (ulong Term, long AskedAt) last)
            || term > last.Term || (term == last.Term && step > last.AskedAt)))
        {
            _newest[(leader, server)] = (term, step);
        }
    }

    /// <summary>Whether a server has accepted a request of this leader that left in a step or later.</summary>
    /// <param name="server">The server.</param>
    /// <param name="leader">The leader.</param>
    /// <param name="term">The leader's term; null for any.</param>
    /// <param name="since">The step.</param>
    public bool HasConfirmed(int server, int leader, ulong? term, long since) =>
        _newest.TryGetValue((leader, server), out (ulong Term, long AskedAt) last)
        && (term is null || last.Term == term) && last.AskedAt >= since;
}
