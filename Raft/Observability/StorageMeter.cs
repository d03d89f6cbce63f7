namespace Raft.Observability;

/// <summary>What is measured of snapshots that are taken here, and of the log letting go of what they cover.</summary>
/// <param name="make">Makes the instruments.</param>
internal sealed class StorageMeter(Instruments make)
{
    public TimeMeter TakeSnapshot { get; } = make.Time(
        "raft.snapshot.takeSnapshot", "One snapshot, from when it was due until it is durable and noted.");

    public TimeMeter CreateSnapshot { get; } = make.Time(
        "raft.snapshot.create", "One call of ISnapshotStore.CreateAsync for a snapshot that is taken here.");

    public TimeMeter PersistSnapshot { get; } = make.Time("raft.snapshot.persist", "One call of IFsmSnapshot.PersistAsync.");

    public TimeMeter CompactLogs { get; } = make.Time(
        "raft.compactLogs", "The log store letting go of entries that a snapshot covers.");

    public TimeMeter RemoveOldLogs { get; } = make.Time(
        "raft.removeOldLogs", "The log store letting go of all entries, as a leader's snapshot takes their place.");
}
