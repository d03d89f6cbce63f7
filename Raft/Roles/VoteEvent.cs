namespace Raft.Roles;

/// <summary>A voter's answer to a candidate.</summary>
/// <param name="Campaign">The campaign it was asked in; answers to another are dropped.</param>
/// <param name="IsPreVote">Whether it was only asked whether it would vote.</param>
/// <param name="Voter">Who answers.</param>
/// <param name="Term">Its term; 0 where it did not answer.</param>
/// <param name="IsGranted">Whether it granted.</param>
internal readonly record struct VoteEvent(ulong Campaign, bool IsPreVote, ServerId Voter, ulong Term, bool IsGranted);
