namespace Raft.Snapshots;

/// <summary>A snapshot of the own state machine, durable, for the loop to take over.</summary>
/// <param name="Snapshot">The snapshot.</param>
internal sealed record TakenSnapshot(SnapshotMeta Snapshot)
{
    /// <summary>Completes when the loop has taken it over.</summary>
    public TaskCompletionSource Noted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
