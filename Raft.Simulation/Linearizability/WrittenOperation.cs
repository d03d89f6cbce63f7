using System.Runtime.InteropServices;

namespace Raft.Simulation.Linearizability;

/// <summary>An operation whose invoke stands in a history file, and the id that its end will name.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct WrittenOperation(long Id, RegisterOperation Operation);
