using System.Runtime.InteropServices;

namespace Raft.Stores.Wal.Segments;

/// <summary>A group as it goes to disk. Valid until the next is built in the same buffer.</summary>
/// <param name="Bytes">Header and records.</param>
/// <param name="Offset">Where in the segment it goes.</param>
/// <param name="FirstIndex">The index of its first entry.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct BuiltGroup(ReadOnlyMemory<byte> Bytes, long Offset, ulong FirstIndex);
