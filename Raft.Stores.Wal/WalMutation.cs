namespace Raft.Stores.Wal;

/// <summary>
/// Bugs planted in a store on purpose, each of which breaks one rule, to show that the simulator would find such a bug.
/// Stores that are opened by the public API have <see cref="None"/>.
/// </summary>
internal enum WalMutation
{
    /// <summary>All rules are kept.</summary>
    None,

    /// <summary>What is read at open counts as durable although it may stand in the page cache alone.</summary>
    NoSyncAtOpen,

    /// <summary>A truncation writes nothing: later groups are written over those that it cuts, where they begin with a cut entry.</summary>
    TruncationByOverwriting,

    /// <summary>Vote and term are written over those before, in two sectors, and read without the checksum of both (W3).</summary>
    TornRecord,

    /// <summary>A snapshot gets its name although its state was never synced.</summary>
    SnapshotVisibleBeforeDurable,

    /// <summary>A segment is begun in the file of one that was dropped, over what stands there and with the same salt.</summary>
    SegmentSaltReused,
}
