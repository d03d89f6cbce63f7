namespace Raft.Replication;

/// <summary>What a follower's answer told.</summary>
internal enum PeerEventKind
{
    /// <summary>The follower accepted a request of this term.</summary>
    Acknowledged,

    /// <summary>The follower is in a newer term.</summary>
    HigherTerm,

    /// <summary>The follower lacks entries that it had acknowledged.</summary>
    LostEntries,
}

/// <summary>
/// News from a follower for the leader role. It names its source and that source's leadership, since an answer to an
/// earlier leadership, or from a server that was removed, wiped and added again, proves nothing now.
/// </summary>
/// <param name="Kind">What was told.</param>
/// <param name="Source">The follower's replication, this instance of it.</param>
/// <param name="Epoch">The leadership it belongs to.</param>
/// <param name="Term">The follower's term.</param>
/// <param name="MatchIndex">The highest index known to stand in its log, durably; 0 where nothing new is known.</param>
/// <param name="SentAt">When the accepted request was sent.</param>
/// <param name="Round">The newest question when it was sent.</param>
/// <param name="Promise">For how long the follower promised to elect nobody else; zero for no promise.</param>
internal readonly record struct PeerEvent(
    PeerEventKind Kind, Peer Source, ulong Epoch, ulong Term, ulong MatchIndex, TimeSpan SentAt, ulong Round,
    TimeSpan Promise = default);
