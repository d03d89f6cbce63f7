namespace Raft.Simulation;

/// <summary>What a client knows of what it asked for.</summary>
public enum SimulationOutcomeKind
{
    /// <summary>Nothing: it may have happened, and may still.</summary>
    Unknown,

    /// <summary>It happened.</summary>
    Done,

    /// <summary>It did not happen, and never will.</summary>
    NotDone,
}

/// <summary>How a client's call ended.</summary>
/// <typeparam name="T">What is answered.</typeparam>
/// <param name="Kind">What the client knows.</param>
/// <param name="Value">The answer, where it is done; else the default, which says nothing.</param>
/// <param name="Index">The index of the command's entry, or for a read the index it saw; 0 where it is not known.</param>
/// <param name="Term">The term of that entry; 0 where it is not known.</param>
/// <param name="Server">The server that was asked.</param>
public sealed record SimulationOutcome<T>(
    SimulationOutcomeKind Kind, T? Value, ulong Index, ulong Term, ServerId Server)
{
    /// <summary>Whether it happened.</summary>
    public bool IsDone => Kind == SimulationOutcomeKind.Done;
}
