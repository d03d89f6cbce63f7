namespace Raft.Simulation.Linearizability;

/// <summary>Why a history cannot be, as it is shown to a human.</summary>
/// <param name="Key">The key that it concerns; null where it concerns the log.</param>
/// <param name="Explanation">What contradicts what.</param>
internal sealed record HistoryFault(string? Key, string Explanation);
