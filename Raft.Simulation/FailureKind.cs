namespace Raft.Simulation;

/// <summary>What kind of failure ended a seed.</summary>
public enum FailureKind
{
    /// <summary>A rule of the protocol, of the store or of the workload was broken.</summary>
    Violation,

    /// <summary>What clients saw has no order that explains it.</summary>
    Illegal,

    /// <summary>It could not be decided whether what clients saw has an order that explains it.</summary>
    Undecided,

    /// <summary>Work left the simulation, so that the run is not the same twice.</summary>
    Escape,
}
