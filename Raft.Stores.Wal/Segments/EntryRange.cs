using System.Runtime.InteropServices;

namespace Raft.Stores.Wal.Segments;

/// <summary>Where some consecutive entries stand in a segment, with no truncated ones between them.</summary>
/// <param name="Start">The place to read from, at or before the first entry wanted.</param>
/// <param name="LastIndex">The last entry that can be read from there on.</param>
/// <param name="End">An offset at or behind the end of the last entry wanted.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct EntryRange(Anchor Start, ulong LastIndex, long End);
