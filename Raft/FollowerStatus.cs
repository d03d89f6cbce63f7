namespace Raft;

/// <summary>One follower as its leader sees it.</summary>
/// <param name="Id">The follower.</param>
/// <param name="MatchIndex">The highest index known to stand in its log, durably.</param>
/// <param name="NextIndex">The next index to send.</param>
/// <param name="LastContact">Time since it last answered; null where it never did.</param>
/// <param name="Mode">How entries are sent: <c>Probe</c>, <c>Pipeline</c> or <c>Snapshot</c>.</param>
/// <param name="Silence">For how long it has not answered this leader: since it last did, or since it is spoken to as the member it is.</param>
public sealed record FollowerStatus(
    ServerId Id, ulong MatchIndex, ulong NextIndex, TimeSpan? LastContact, string Mode, TimeSpan Silence);
