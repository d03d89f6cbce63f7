namespace Raft.Core;

/// <summary>
/// How far a log may be let go of once a snapshot covers it. One entry always stays: where the newest snapshot turns out
/// to be damaged, it shows that an older one does not do. Pure.
/// </summary>
internal static class CompactionRules
{
    /// <summary>The last entry that may go.</summary>
    /// <param name="snapshotIndex">The last index that the newest snapshot covers.</param>
    /// <param name="lastIndex">The log's last index.</param>
    /// <param name="trailing">How many entries stay for followers that are a little behind.</param>
    /// <returns>Its index; 0 where nothing may go.</returns>
    public static ulong ThroughIndex(ulong snapshotIndex, ulong lastIndex, ulong trailing) =>
        Math.Min(snapshotIndex, lastIndex > Math.Max(trailing, 1) ? lastIndex - Math.Max(trailing, 1) : 0);
}
