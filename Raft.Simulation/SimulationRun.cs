namespace Raft.Simulation;

/// <summary>One run, as a workload sees it.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="TimeProvider">The true time of the simulation.</param>
public sealed record SimulationRun(ulong Seed, TimeProvider TimeProvider);
