using Raft.Timing;

namespace Raft.Rpc;

/// <summary>
/// Which servers are of this library: those that have answered an <c>Ask</c>, or sent one. Optional keys, larger
/// batches and questions go only to them. Any task may read and note.
/// </summary>
internal sealed class PeerCapabilities(NodeClock clock)
{
    /// <summary>More names than a cluster has: strangers may ask under any.</summary>
    private const int ServersMax = 4096;

    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(60);

    // A lock for two dictionary operations: it is read by the tasks of every follower and by callers' threads.
    private readonly Lock _gate = new();
    private readonly HashSet<ServerId> _known = [];
    private readonly Dictionary<ServerId, TimeSpan> _refusedAt = [];

    /// <summary>Whether a server is known to be of this library.</summary>
    public bool IsKnown(ServerId id)
    {
        lock (_gate)
        {
            return _known.Contains(id);
        }
    }

    /// <summary>Whether a server is known to be of another library, by a finding that is not too old.</summary>
    public bool IsForeign(ServerId id)
    {
        lock (_gate)
        {
            return !_known.Contains(id) && _refusedAt.TryGetValue(id, out TimeSpan at) && clock.Now - at < AskAgainAfter;
        }
    }

    /// <summary>A server asked or answered: it is of this library, and stays so.</summary>
    public void NoteKnown(ServerId id)
    {
        lock (_gate)
        {
            if (_known.Count < ServersMax && _known.Add(id))
            {
                _refusedAt.Remove(id);
            }
        }
    }

    /// <summary>A server ended the connection on a question and yet answers what every server knows.</summary>
    public void NoteForeign(ServerId id)
    {
        lock (_gate)
        {
            if (_refusedAt.Count < ServersMax)
            {
                _refusedAt[id] = clock.Now;
            }
        }
    }
}
