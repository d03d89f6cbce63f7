using System.Runtime.InteropServices;

namespace Raftchaos.Clients;

/// <summary>What came of one call, as far as its client can know.</summary>
/// <param name="Verdict">Whether it took effect.</param>
/// <param name="Result">The answer of one that did, by <see cref="Raft.Simulation.RegisterCall"/>.</param>
/// <param name="Index">Its place in the log, or up to where a read's state was applied; 0 where it is not known.</param>
/// <param name="Term">The term of that place; 0 where it is not known.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Reply(CallVerdict Verdict, long Result = 0, ulong Index = 0, ulong Term = 0);
