using System.Runtime.InteropServices;

namespace Raft.Stores.Wal.Segments;

/// <summary>What a group's header says beside its records; the next group's follows from it.</summary>
/// <param name="GroupNumber">The number of the last group.</param>
/// <param name="Generation">How often the log was opened.</param>
/// <param name="Term">The highest term that a write named.</param>
/// <param name="CommitIndex">The highest commit index that a write named.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LogPosition(ulong GroupNumber, ulong Generation, ulong Term, ulong CommitIndex);
