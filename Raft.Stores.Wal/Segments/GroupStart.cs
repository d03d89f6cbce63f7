using System.Runtime.InteropServices;

namespace Raft.Stores.Wal.Segments;

/// <summary>What the newest segment was like before a group; noted for <see cref="WalMutation.TruncationByOverwriting"/> only.</summary>
/// <param name="FirstIndex">The group's first entry.</param>
/// <param name="Offset">Where the group begins.</param>
/// <param name="Chain">The checksum of what stands before it.</param>
/// <param name="GroupNumber">The number of the group before it.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct GroupStart(ulong FirstIndex, long Offset, uint Chain, ulong GroupNumber);
