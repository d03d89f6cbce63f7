namespace Raft.Stores.LiteDb.Documents;

/// <summary>The sets of documents (LiteDB's collections) that a store has.</summary>
internal enum DocumentSet
{
    /// <summary>Runs of log entries, each by the index of its first entry.</summary>
    Log,

    /// <summary>Single records: term and vote, values, what is known of commits.</summary>
    Records,
}
