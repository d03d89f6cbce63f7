namespace Raft.Simulation;

/// <summary>A seed failed. The message has the seed, what was drawn from it, the last events and all servers side by side.</summary>
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
}
