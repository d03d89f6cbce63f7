namespace Raft.Simulation;

/// <summary>Something in a run is not as it must be.</summary>
public sealed class SimulationViolationException : Exception
{
    /// <summary>A violation without a description.</summary>
    public SimulationViolationException()
    {
    }

    /// <summary>A violation.</summary>
    /// <param name="message">What is wrong.</param>
    public SimulationViolationException(string message)
        : base(message)
    {
    }

    /// <summary>A violation.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="innerException">How it showed.</param>
    public SimulationViolationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal SimulationViolationException(FailureKind kind, string rule, string message)
        : base(message)
    {
        Kind = kind;
        Rule = rule;
    }

    internal FailureKind Kind { get; }

    internal string Rule { get; } = Invariants.Rule.Workload;
}
