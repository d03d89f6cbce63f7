using Raft.Timing;

namespace Raft.Rpc;

/// <summary>
/// Which servers were found to be of this library, and which of another, so that they are not asked what they do not know at every
/// turn. Any task may read and note.
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

    /// <summary>Whether a server was of this library when it was last found out.</summary>
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
            return _refusedAt.TryGetValue(id, out TimeSpan at) && clock.Now - at < AskAgainAfter;
        }
    }

    /// <summary>A server asked or answered: it is of this library.</summary>
    public void NoteKnown(ServerId id)
    {
        lock (_gate)
        {
            _refusedAt.Remove(id);
            if (_known.Count < ServersMax)
            {
                _known.Add(id);
            }
        }
    }

    /// <summary>A server ended the connection on a question and yet answers what every server knows.</summary>
    public void NoteForeign(ServerId id)
    {
        lock (_gate)
        {
            _known.Remove(id);
            if (_refusedAt.Count < ServersMax || _refusedAt.ContainsKey(id))
            {
                _refusedAt[id] = clock.Now;
            }
        }
    }
}
