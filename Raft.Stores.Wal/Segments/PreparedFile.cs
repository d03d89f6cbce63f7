namespace Raft.Stores.Wal.Segments;

/// <summary>A file of synced zeros, on its way to be a segment.</summary>
/// <param name="File">The file, by its temporary name.</param>
/// <param name="Length">How many zeros.</param>
/// <param name="OldSalt">The salt of the segment that it was, for <see cref="SegmentRecycler"/>; null for a new file, as in production.</param>
internal sealed record PreparedFile(IDiskFile File, long Length, ulong? OldSalt = null);
