namespace Raft;

/// <summary>What <c>RaftNode.RecoverClusterAsync</c> made of a server.</summary>
/// <remarks>
/// Servers whose reports name the same last entry had the same log, and can form one cluster. Where they differ, only
/// those with the highest last term, and of these the highest last index, are to be started (docs/recovery.md).
/// </remarks>
/// <param name="LastIndex">The index of the last entry that it had: the recovered state is the one after it.</param>
/// <param name="LastTerm">The term of that entry.</param>
/// <param name="CommitIndex">Up to where its stores knew the entries to be committed.</param>
/// <param name="SnapshotId">The snapshot that all of it is in now, by its name in the snapshot store.</param>
public sealed record RecoveryReport(ulong LastIndex, ulong LastTerm, ulong CommitIndex, string SnapshotId)
{
    /// <summary>How many entries, up to the last, were forced: they count as committed now, whether or not they were.</summary>
    public ulong ForcedCount => LastIndex - CommitIndex;
}
