using Raft.Membership;
using Raft.Replication;

namespace Raft.Roles;

/// <summary>
/// The followers of a leadership, in the configuration's order, and servers that were removed and do not know it yet.
/// Owned by the leader role.
/// </summary>
internal sealed class PeerSet(RoleContext context, Leadership leadership)
{
    /// <summary>So many election timeouts after its removal is committed a server is spoken to, if it does not answer.</summary>
    private const int FarewellPatience = 10;

    private readonly List<Peer> _members = [];
    private readonly List<(Peer Peer, ulong Index, TimeSpan? Deadline)> _leaving = [];

    /// <summary>The followers.</summary>
    public IReadOnlyList<Peer> Members => _members;

    /// <summary>The first entry of the log that one of them needs; the maximum where none does.</summary>
    public ulong PinnedFrom
    {
        get
        {
            ulong from = ulong.MaxValue;
            foreach (Peer peer in _members)
            {
                from = Math.Min(from, peer.Pin.FromIndex);
            }

            return from;
        }
    }

    /// <summary>The follower of that name; null where there is none.</summary>
    public Peer? Find(ServerId id) => _members.Find(p => p.Server.Id == id);

    /// <summary>Whether news come from a follower of the configuration in force, and this instance of it.</summary>
    public bool IsMember(Peer peer) => _members.Contains(peer);

    /// <summary>
    /// The leadership begins. A server that was removed just now may not have heard it from the leader before; one that was
    /// removed long ago is left alone, as its address may be another's by now.
    /// </summary>
    public void Begin()
    {
        ConfigurationTracker known = context.State.Configurations;
        TimeSpan? deadline = context.State.ConfigurationCommittedAt is { } at ? EndsAfter(at) : null;
        if (deadline is null || context.Clock.Now < deadline)
        {
            Follow(known.Previous);
        }

        Follow(known.Latest, deadline);
    }

    /// <summary>
    /// Speaks to the servers of a configuration, which is in force, from now on. A server that it removes is told until it
    /// knows that it is committed (W18).
    /// </summary>
    public void Follow(ClusterConfiguration configuration) => Follow(configuration, deadline: null);

    private void Follow(ClusterConfiguration configuration, TimeSpan? deadline)
    {
        context.Meter.Leading.Peers?.Record(configuration.Servers.Length);
        ulong index = context.State.Configurations.LatestIndex;
        List<Peer> before = [.. _members];
        _members.Clear();
        foreach (Server server in configuration.Servers)
        {
            if (server.Id != context.State.LocalId)
            {
                _members.Add(Keep(before, server) ?? Begin(server));
            }
        }

        foreach (Peer gone in before)
        {
            _leaving.Add((gone, index, deadline));
            gone.WakeReplicator();
            if (configuration.Find(gone.Server.Id) is null)
            {
                context.Observers.Tell(new PeerObservation(gone.Server, IsRemoved: true));
            }
        }
    }

    /// <summary>A removed server is in a newer term than this leadership: it takes nothing from it any more.</summary>
    public void Dismiss(Peer peer)
    {
        if (_leaving.RemoveAll(l => l.Peer == peer) > 0)
        {
            End(peer);
        }
    }

    /// <summary>Ends what is said to removed servers that know by now, or do not answer.</summary>
    public void DismissLeaving()
    {
        for (int i = _leaving.Count - 1; i >= 0; i--)
        {
            (Peer peer, ulong index, TimeSpan? deadline) = _leaving[i];
            if (deadline is null && context.State.CommitIndex >= index)
            {
                _leaving[i] = (peer, index, EndsAfter(context.Clock.Now));
            }

            if (peer.ToldCommitIndex >= index || context.Clock.Now >= deadline)
            {
                _leaving.RemoveAt(i);
                End(peer);
            }
        }
    }

    /// <summary>Entries wait to be sent.</summary>
    public void WakeReplicators()
    {
        foreach (Peer peer in _members)
        {
            peer.WakeReplicator();
        }
    }

    /// <summary>A server waits for an entry to be committed, or to hear that it is: it is told at once rather than with what comes next.</summary>
    public void Want(ServerId id, ulong index)
    {
        if (Find(id) is { } peer && index > peer.WantedCommitIndex)
        {
            peer.WantedCommitIndex = index;
            peer.WakeReplicator();
        }
    }

    /// <summary>More is committed: who waits for that is told.</summary>
    public void TellCommit()
    {
        foreach (Peer peer in _members)
        {
            if (peer.WantedCommitIndex > peer.ToldCommitIndex)
            {
                peer.WakeReplicator();
            }
        }
    }

    /// <summary>A question waits to be asked.</summary>
    public void WakeHeartbeaters()
    {
        foreach (Peer peer in _members)
        {
            peer.WakeHeartbeater();
        }
    }

    /// <summary>The leadership is over.</summary>
    public void Stop()
    {
        _members.ForEach(End);
        _leaving.ForEach(static l => End(l.Peer));
        _leaving.Clear();
    }

    private TimeSpan EndsAfter(TimeSpan committed) => committed + (context.Config.ElectionTimeout * FarewellPatience);

    private static void End(Peer peer)
    {
        peer.Stop();
        peer.Dispose();
    }

    private Peer Begin(Server server)
    {
        // A farewell to an earlier member of that name would reach the new one.
        foreach ((Peer Peer, ulong, TimeSpan?) earlier in _leaving.FindAll(l => IsSame(l.Peer.Server, server)))
        {
            _leaving.Remove(earlier);
            End(earlier.Peer);
        }

        var begun = new Peer(leadership, server);
        begun.Start();
        context.Observers.Tell(new PeerObservation(server, IsRemoved: false));
        return begun;
    }

    private static bool IsSame(Server one, Server other) => one.Id == other.Id || one.Address == other.Address;

    // Under another address it is spoken to anew: what was acknowledged from the old one proves nothing there.
    private static Peer? Keep(List<Peer> before, Server server)
    {
        Peer? kept = before.Find(p => p.Server.Id == server.Id && p.Server.Address == server.Address);
        if (kept is not null)
        {
            before.Remove(kept);
            kept.Server = server;
        }

        return kept;
    }
}
