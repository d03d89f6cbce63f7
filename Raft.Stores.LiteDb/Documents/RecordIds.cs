namespace Raft.Stores.LiteDb.Documents;

/// <summary>The ids of the documents in <see cref="DocumentSet.Records"/>.</summary>
internal static class RecordIds
{
    /// <summary>The term and vote.</summary>
    public const ulong TermAndVote = 1;

    /// <summary>The values beside them.</summary>
    public const ulong Values = 2;

    /// <summary>A commit index that was known when entries were dropped.</summary>
    public const ulong CommitIndex = 3;
}
