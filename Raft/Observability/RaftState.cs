namespace Raft;

/// <summary>The role a node plays (§5.1).</summary>
public enum RaftState
{
    /// <summary>Follows a leader, or waits for one.</summary>
    Follower = 0,

    /// <summary>Campaigns to become the leader.</summary>
    Candidate = 1,

    /// <summary>Leads.</summary>
    Leader = 2,

    /// <summary>The node was stopped or had to stop.</summary>
    Shutdown = 3,
}
