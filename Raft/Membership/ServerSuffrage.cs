namespace Raft;

/// <summary>Whether a server votes. The numbers stand on the wire.</summary>
public enum ServerSuffrage
{
    /// <summary>Votes, and counts for the quorum.</summary>
    Voter = 0,

    /// <summary>Receives the log, but neither votes nor counts (a learner).</summary>
    Nonvoter = 1,

    /// <summary>Read as <see cref="Nonvoter"/>; older Go clusters may still hold it.</summary>
    Staging = 2,
}
