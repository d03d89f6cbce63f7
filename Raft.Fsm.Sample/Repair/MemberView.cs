namespace Raft.Fsm.Sample.Repair;

/// <summary>A member of a running cluster, as its leader sees it.</summary>
/// <param name="Id">The server.</param>
/// <param name="IsVoter">Whether it votes.</param>
/// <param name="LastContact">Time since it last answered the leader; null where it never did. Nothing for the leader itself.</param>
internal sealed record MemberView(string Id, bool IsVoter, TimeSpan? LastContact);
