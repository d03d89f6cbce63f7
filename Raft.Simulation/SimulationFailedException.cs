namespace Raft.Simulation;

/// <summary>
/// A seed failed. The message has the seed, what is wrong, what to do next, the last calls and events, all servers side
/// by side, and what was drawn from the seed.
/// </summary>
public sealed class SimulationFailedException : Exception
{
    /// <summary>A failure without a report.</summary>
    public SimulationFailedException()
    {
    }

    /// <summary>A failure.</summary>
    /// <param name="message">The report.</param>
    public SimulationFailedException(string message)
        : base(message)
    {
    }

    /// <summary>A failure.</summary>
    /// <param name="message">The report.</param>
    /// <param name="innerException">How it showed.</param>
    public SimulationFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal SimulationFailedException(string message, SimulationReport report)
        : base(message)
    {
        Report = report;
    }

    /// <summary>What was run, and all seeds that failed.</summary>
    public SimulationReport Report { get; } = new();
}
