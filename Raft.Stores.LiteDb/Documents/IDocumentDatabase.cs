namespace Raft.Stores.LiteDb.Documents;

/// <summary>
/// As much of a database of documents as the store needs; all that it knows of LiteDB. Used by one thread, the one that
/// opened it: LiteDB's transactions belong to a thread.
/// </summary>
/// <remarks>Whatever it throws is final: what the database holds in memory and on disk is then not known.</remarks>
internal interface IDocumentDatabase : IDisposable
{
    /// <summary>The ids of all documents of a set.</summary>
    /// <param name="set">The set.</param>
    /// <returns>The ids, ascending.</returns>
    List<ulong> Ids(DocumentSet set);

    /// <summary>Reads a document.</summary>
    /// <param name="set">Its set.</param>
    /// <param name="id">Its id.</param>
    /// <returns>Its content, or null where there is none.</returns>
    byte[]? Read(DocumentSet set, ulong id);

    /// <summary>Makes changes in one transaction: after a crash there are all of them or none.</summary>
    /// <param name="changes">The changes, which the caller keeps. On return they would survive a power cut.</param>
    void Commit(DocumentChanges changes);
}
