using Raft.Fsm;

namespace Raft.Replication;

/// <summary>
/// Keeps the entries of a user's restore from one follower, as long as it is not known to be of this library: to a Go server they
/// are Noops, and it would go on with the old state. It is sent a snapshot that covers them instead, once there is one. Owned
/// by the follower's replicator.
/// </summary>
internal sealed class WithheldRestore(Leadership leadership, Peer peer)
{
    /// <summary>How often it is looked whether the follower is of this library after all.</summary>
    private static readonly TimeSpan AskedPause = TimeSpan.FromMilliseconds(10);

    private ulong _index;
    private TimeSpan? _since;

    /// <summary>The entry that a snapshot must cover before the follower is sent what follows; 0 for none.</summary>
    public ulong Index => !peer.IsOurs && peer.Progress.NextIndex <= _index ? _index : 0;

    /// <summary>Whether there is such a snapshot, and the follower is to be sent it.</summary>
    public bool IsCovered => Index != 0 && IsTakenForForeign && leadership.State.Log.SnapshotIndex >= Index;

    // Questions may be lost where all else gets through: then it answers for long, but not them. A snapshot is right for either kind.
    private bool IsTakenForForeign => leadership.Capabilities.IsForeign(peer.Server.Id)
        || (_since is { } since && peer.LastAnswerAt is { } at && at - since >= leadership.Config.ElectionTimeout);

    /// <summary>Looks for entries that the follower must not be sent.</summary>
    /// <returns>Whether there are any.</returns>
    public bool Holds(List<LogSlice> entries)
    {
        if (peer.IsOurs)
        {
            return false;
        }

        foreach (LogSlice slice in entries)
        {
            for (int i = 0; i < slice.Count; i++)
            {
                if (RestoreEntry.TryRead(slice[i], out _))
                {
                    _index = slice[i].Index;
                    _since ??= leadership.Clock.Now;
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Has a snapshot taken, where one is needed.</summary>
    /// <returns>When to look again.</returns>
    public TimeSpan Wait()
    {
        if (!IsTakenForForeign)
        {
            return leadership.Clock.Now + AskedPause;
        }

        if (!IsCovered)
        {
            leadership.NeedSnapshot();
        }

        return leadership.Clock.Now + (leadership.Config.HeartbeatTimeout / 2);
    }
}
