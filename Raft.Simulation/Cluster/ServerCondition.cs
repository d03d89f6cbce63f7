namespace Raft.Simulation.Cluster;

/// <summary>How a server stands.</summary>
internal enum ServerCondition
{
    /// <summary>It has no process.</summary>
    Down,

    /// <summary>Its process opens the store.</summary>
    Starting,

    /// <summary>Its node runs.</summary>
    Up,

    /// <summary>Its node was asked to end.</summary>
    Stopping,

    /// <summary>Its store refused damage, rightly: it stays down.</summary>
    Refused,
}
