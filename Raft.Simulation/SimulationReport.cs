namespace Raft.Simulation;

/// <summary>What became of all seeds of a call.</summary>
public sealed record SimulationReport
{
    /// <summary>Seeds that were run.</summary>
    public int Seeds { get; init; }

    /// <summary>Simulated time of all of them.</summary>
    public TimeSpan Simulated { get; init; }

    /// <summary>Steps of all of them.</summary>
    public long Events { get; init; }

    /// <summary>Elections won in all of them.</summary>
    public long Elections { get; init; }

    /// <summary>Calls answered with success in all of them.</summary>
    public long Acknowledged { get; init; }

    /// <summary>A hash over the histories of all seeds, in whatever order they were run.</summary>
    public ulong TraceHash { get; init; }

    /// <summary>The seeds that failed.</summary>
    public IReadOnlyList<SeedResult> Failures { get; init; } = [];

    /// <summary>One line for humans.</summary>
    /// <returns>The line.</returns>
    public override string ToString() =>
        $"{Seeds} seeds, {Failures.Count} failed; {Simulated} of simulated time, {Events} steps, {Elections} elections, "
        + $"{Acknowledged} calls answered";
}
