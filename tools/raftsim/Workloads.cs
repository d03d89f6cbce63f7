using Raft;
using Raft.Simulation;
using Raft.Simulation.Running;
using Raft.Simulation.Workloads;

namespace Raftsim;

/// <summary>What clients do in a run.</summary>
internal static class Workloads
{
    /// <summary>Registers that are written, swapped and read.</summary>
    public const string Registers = "registers";

    /// <summary>Counters that are incremented exactly once, by sessions under retry storms.</summary>
    public const string Sessions = "sessions";

    /// <summary>The workload in which a planted bug can show.</summary>
    public static string OfBug(PlantedBug bug) => bug.IsOfSessions ? Sessions : Registers;

    /// <summary>Runs seeds with registers.</summary>
    public static SeedRunner<RegisterFsm> NewRegisters(SimulationOptions options) =>
        new(() => new RegisterFsm(), new RegisterWorkload(), options);

    /// <summary>Runs seeds with sessions.</summary>
    public static SeedRunner<SessionFsm> NewSessions(SimulationOptions options) =>
        new(SessionWorkload.NewFsm, new SessionWorkload(options.Bug), options);
}
