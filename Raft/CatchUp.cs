namespace Raft;

/// <summary>How far a server is that is added (<see cref="RaftNode.AddServerAsync"/>).</summary>
/// <param name="Id">The server.</param>
/// <param name="Stage">What is being waited for.</param>
/// <param name="MatchIndex">The highest entry known to stand in its log, durably; 0 for none yet.</param>
/// <param name="TargetIndex">The entry that it needs for this round: the leader's last when the round began.</param>
/// <param name="Round">The round of catching up, from 1 on (thesis 4.2.1).</param>
/// <param name="LastContact">Time since it last answered; null where it never did.</param>
public readonly record struct CatchUp(
    ServerId Id, CatchUpStage Stage, ulong MatchIndex, ulong TargetIndex, int Round, TimeSpan? LastContact);
