namespace Raft.Core;

/// <summary>Which role may come after which (§5.1, figure 4). Pure.</summary>
internal static class RoleRules
{
    /// <summary>Whether a server in one role may take another, or begin the same anew.</summary>
    public static bool MayFollow(RaftState role, RaftState next) => (role, next) switch
    {
        (RaftState.Shutdown, _) => false,
        (_, RaftState.Shutdown) => true,

        // Only votes make a leader, and only a candidate asks for them.
        (RaftState.Follower, RaftState.Leader) => false,

        // A leader's term has no other leader: it has nothing to campaign for before it has followed in a newer one.
        (RaftState.Leader, RaftState.Candidate or RaftState.Leader) => false,
        _ => true,
    };
}
