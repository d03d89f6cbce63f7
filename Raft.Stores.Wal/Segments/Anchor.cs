using System.Runtime.InteropServices;

namespace Raft.Stores.Wal.Segments;

/// <summary>A known place in a segment, from which records are read and checked.</summary>
/// <param name="Index">The entry whose record stands there.</param>
/// <param name="Offset">Where the record begins.</param>
/// <param name="Chain">The checksum of what stands before it.</param>
/// <param name="StartsRun">Whether what stands before it is not the entry before it, as after a truncation.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Anchor(ulong Index, uint Offset, uint Chain, bool StartsRun);
