namespace Raft.Stores.LiteDb.Documents;

/// <summary>What one transaction changes. Filled by the store's thread, and used again once it is committed.</summary>
internal sealed class DocumentChanges
{
    /// <summary>The documents to delete; done before anything is written.</summary>
    public List<(DocumentSet Set, ulong Id)> Deleted { get; } = [];

    /// <summary>The documents to write, in place of those that have their id now.</summary>
    public List<(DocumentSet Set, ulong Id, byte[] Content)> Written { get; } = [];

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => Deleted.Count == 0 && Written.Count == 0;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Deleted.Clear();
        Written.Clear();
    }
}
