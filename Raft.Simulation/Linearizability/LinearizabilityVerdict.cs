namespace Raft.Simulation;

/// <summary>What a check found.</summary>
public enum LinearizabilityVerdict
{
    /// <summary>An order exists in which each answer is right and no operation is outside its time.</summary>
    Ok = 0,

    /// <summary>No such order exists.</summary>
    Illegal = 1,

    /// <summary>The search was given up. Treat it as a failure, and shorten the history: it is no pass.</summary>
    Unknown = 2,
}
