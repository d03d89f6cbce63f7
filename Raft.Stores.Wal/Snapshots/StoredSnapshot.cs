namespace Raft.Stores.Wal.Snapshots;

/// <summary>A snapshot that is whole and durable.</summary>
/// <param name="Meta">What is told of it.</param>
/// <param name="Crc">The checksum of its state.</param>
internal sealed record StoredSnapshot(SnapshotMeta Meta, ulong Crc);
