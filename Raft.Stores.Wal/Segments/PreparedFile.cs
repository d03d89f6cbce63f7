namespace Raft.Stores.Wal.Segments;

/// <summary>A file of synced zeros, on its way to be a segment.</summary>
/// <param name="File">The file, by its temporary name.</param>
/// <param name="Length">How many zeros.</param>
internal sealed record PreparedFile(IDiskFile File, long Length);
