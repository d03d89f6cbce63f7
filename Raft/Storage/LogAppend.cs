namespace Raft;

/// <summary>One durable write of a log store.</summary>
/// <param name="Slices">Consecutive entries, each slice right behind the one before.</param>
/// <param name="CurrentTerm">The node's term at the write; no entry is of a later one.</param>
/// <param name="CommitIndex">
/// A commit index known to the node, at most the highest index that is durable here; a store may note it.
/// </param>
public readonly record struct LogAppend(IReadOnlyList<LogSlice> Slices, ulong CurrentTerm, ulong CommitIndex)
{
    /// <summary>The index of the first entry.</summary>
    public ulong FirstIndex => Slices[0].FirstIndex;

    /// <summary>The index of the last entry.</summary>
    public ulong LastIndex => Slices[^1].LastIndex;
}
