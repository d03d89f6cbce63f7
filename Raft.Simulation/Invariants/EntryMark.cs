using System.Runtime.InteropServices;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Invariants;

/// <summary>What identifies an entry beside its index: its term, and a hash of all its bytes.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct EntryMark(ulong Term, ulong Hash)
{
    /// <summary>The mark of an entry.</summary>
    public static EntryMark Of(LogEntry entry) => new(entry.Term, Mix.Of(entry.Encoded.Span));

    public override string ToString() => $"term {Term} #{Hash & 0xFFFF:x4}";
}
