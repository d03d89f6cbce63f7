namespace Raft.Bench.Allocations;

/// <summary>What was allocated on a leader.</summary>
/// <param name="GroupSize">How many commands were appended together.</param>
/// <param name="Bytes">Bytes for each command, the callers' own included.</param>
/// <param name="EntryBytes">The encoded entry, which is kept, among them.</param>
/// <param name="CallersBytes">What the same callers allocate for a call without a node.</param>
internal readonly record struct LeaderFigures(double GroupSize, double Bytes, double EntryBytes, double CallersBytes);
