using Raft.Simulation.Running;
using Raft.Simulation.Scenarios;

namespace Raft.Simulation;

/// <summary>How <see cref="Simulation"/> runs. What is left open is drawn from each seed.</summary>
public sealed record SimulationOptions
{
    /// <summary>How long faults rage, in simulated time; then they stop, and the cluster must recover. Default 60 s.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Servers in the cluster, 1 to 9. Default drawn: 3 or 5 mostly, 1 or 7 at times, some without a vote.</summary>
    public int? Servers { get; init; }

    /// <summary>Clients of the workload, at least 1. Default drawn: 3 to 6.</summary>
    public int? Clients { get; init; }

    /// <summary>The kind of faults. Default all, seed by seed in turn.</summary>
    public SimulationProfile? Profile { get; init; }

    /// <summary>How many seeds run at once, each on a thread of its own. Default 1.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>After how many failing seeds to stop. Default 1.</summary>
    public int FailuresMax { get; init; } = 1;

    /// <summary>Changes the settings that the seed drew for a server, such as limits; its id and clock stay the simulation's.</summary>
    public Func<RaftConfig, RaftConfig>? Configure { get; init; }

    /// <summary>Called after each seed, from the thread that ran it.</summary>
    public Action<SeedResult>? Progress { get; init; }

    /// <summary>
    /// Called with everything that happens, when in simulated time, and as a line for humans: thousands of lines a seed, so
    /// for one seed at a time. They are no format: they change from version to version.
    /// </summary>
    public Action<TimeSpan, string>? Trace { get; init; }

    /// <summary>Whether any work of the process's thread pool counts as an escape: only where nothing else uses it.</summary>
    internal bool WatchPool { get; init; }

    /// <summary>The bug that is planted.</summary>
    internal PlantedBug Bug { get; init; } = PlantedBug.None;

    /// <summary>A scenario of its own; null for the profiles.</summary>
    internal Scenario? Scenario { get; init; }


    /// <summary>Is told the state of every server after every entry; null for nobody.</summary>
    internal StateNotes? Notes { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Duration, TimeSpan.FromMilliseconds(1), nameof(Duration));
        ArgumentOutOfRangeException.ThrowIfLessThan(Threads, 1, nameof(Threads));
        ArgumentOutOfRangeException.ThrowIfLessThan(FailuresMax, 1, nameof(FailuresMax));
        ArgumentOutOfRangeException.ThrowIfLessThan(Servers ?? 1, 1, nameof(Servers));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Servers ?? 1, 9, nameof(Servers));
        ArgumentOutOfRangeException.ThrowIfLessThan(Clients ?? 1, 1, nameof(Clients));
    }
}
