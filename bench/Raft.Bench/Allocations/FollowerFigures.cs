namespace Raft.Bench.Allocations;

/// <summary>What was allocated on a follower.</summary>
/// <param name="Bytes">Bytes for each entry, without the sender's.</param>
/// <param name="EntryBytes">The encoded entry, which is kept, among them.</param>
/// <param name="SenderBytes">What the sender allocated for each request.</param>
internal readonly record struct FollowerFigures(double Bytes, double EntryBytes, double SenderBytes);
