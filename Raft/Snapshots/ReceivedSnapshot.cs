namespace Raft.Snapshots;

/// <summary>What became of a leader's snapshot.</summary>
/// <param name="Rpc">The request with its way back.</param>
/// <param name="Request">The request.</param>
/// <param name="Source">The snapshot, durable and open; null where it could not be received.</param>
/// <param name="Failure">Why not; null where it was.</param>
internal sealed record ReceivedSnapshot(
    IncomingRpc Rpc, InstallSnapshotRequest Request, ISnapshotSource? Source, Exception? Failure);
