using Raft.Simulation.Kernel;

namespace Raft.Simulation;

/// <summary>What became of one seed.</summary>
public sealed record SeedResult
{
    /// <summary>The seed: with the same options it gives the same run.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The kind of faults.</summary>
    public required SimulationProfile Profile { get; init; }

    /// <summary>What kind of failure ended the run; null where all held.</summary>
    public FailureKind? FailureKind { get; init; }

    /// <summary>The rule that was broken; null where all held.</summary>
    public string? BrokenRule { get; init; }

    /// <summary>How it was broken; null where all held.</summary>
    public string? Failure { get; init; }

    /// <summary>Simulated time.</summary>
    public TimeSpan Simulated { get; init; }

    /// <summary>Steps of the simulation.</summary>
    public long Events { get; init; }

    /// <summary>Elections won.</summary>
    public int Elections { get; init; }

    /// <summary>Calls of clients that were answered with success.</summary>
    public int Acknowledged { get; init; }

    /// <summary>A hash over all that happened: the same for the same seed and options.</summary>
    public ulong TraceHash { get; init; }

    /// <summary>Work that left the simulation.</summary>
    public int Escapes { get; init; }

    /// <summary>Servers, settings and faults that were drawn.</summary>
    public string Drawn { get; init; } = string.Empty;

    /// <summary>All servers side by side at the end of a run that failed.</summary>
    public string Servers { get; init; } = string.Empty;

    /// <summary>The work that left the simulation, where some did.</summary>
    internal Sighting? Escape { get; init; }

    internal Coverage Coverage { get; init; } = new();
}
