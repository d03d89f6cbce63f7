namespace Raft.Replication;

/// <summary>
/// Keeps what a follower needs of the leader's log from being let go of, from when it is sent a snapshot until it has
/// caught up behind it; or it would need another snapshot by then, and another (W15 in docs/divergence.md). Owned by the
/// follower's replication, read by the leader role.
/// </summary>
internal sealed class LogPin(Leadership leadership)
{
    /// <summary>So many election timeouts without progress, and the log is no longer kept for that follower.</summary>
    private const int Patience = 30;

    private ulong? _fromIndex;
    private ulong? _untilIndex;
    // Ticks of the node's clock; told by the transport too.
    private long _movedAtTicks;

    /// <summary>The first entry that must stay; the maximum where nothing must.</summary>
    public ulong FromIndex => _fromIndex is { } from && IsAlive ? from : ulong.MaxValue;

    // While the snapshot is on its way, or being installed, the call has its own deadline.
    private bool IsAlive => _untilIndex is null
        || leadership.Clock.Now.Ticks - Volatile.Read(ref _movedAtTicks) < leadership.Config.ElectionTimeout.Ticks * Patience;

    /// <summary>A snapshot is about to be sent: what is behind it stays.</summary>
    public void Set(ulong fromIndex)
    {
        _fromIndex = fromIndex;
        _untilIndex = null;
        Touch();
    }

    /// <summary>Bytes of the snapshot were taken: the follower lives.</summary>
    public void Touch() => Volatile.Write(ref _movedAtTicks, leadership.Clock.Now.Ticks);

    /// <summary>The snapshot was not taken: what is behind it stays for a while, as it may be sent again.</summary>
    public void Fail()
    {
        _untilIndex = ulong.MaxValue;
        Touch();
    }

    /// <summary>The snapshot is installed: what is behind it stays until the follower has all that there is now.</summary>
    public void CatchUp(ulong snapshotIndex)
    {
        _untilIndex = leadership.State.Log.LastIndex;
        MoveTo(snapshotIndex);
    }

    /// <summary>The follower holds everything up to an index.</summary>
    public void MoveTo(ulong matchIndex)
    {
        if (_fromIndex is not { } from || _untilIndex is not { } until || matchIndex + 1 < from)
        {
            return;
        }

        if (matchIndex >= until)
        {
            _fromIndex = null;
            return;
        }

        if (matchIndex + 1 > from)
        {
            _fromIndex = matchIndex + 1;
            Touch();
        }
    }
}
