using Raft.Stores.LiteDb.Documents;
using Raft.Stores.LiteDb.Files;
using Raft.Stores.Wal;

namespace Raft.Stores.LiteDb.Writing;

/// <summary>
/// Stands before a database and believes its files rather than it: LiteDB can return from a commit of which it wrote nothing, and
/// after a write that failed it throws something else than why.
/// </summary>
/// <param name="database">The database; disposed with this.</param>
/// <param name="files">Its files.</param>
/// <param name="fuse">The fuse of its files.</param>
internal sealed class GuardedDatabase(IDocumentDatabase database, DatabaseFiles files, WriteFuse fuse) : IDocumentDatabase
{
    /// <inheritdoc/>
    public List<ulong> Ids(DocumentSet set) => database.Ids(set);

    /// <inheritdoc/>
    public byte[]? Read(DocumentSet set, ulong id) => database.Read(set, id);

    /// <inheritdoc/>
    public void Commit(DocumentChanges changes)
    {
        long before = files.TransactionCount;
        try
        {
            database.Commit(changes);
        }
        catch
        {
            // Throws the first cause, if it was the disk.
            fuse.Check();
            throw;
        }

        fuse.Check();
        Invariant.Require(
            files.TransactionCount == before + 1 && !files.HasUnconfirmed, "a commit makes one transaction durable, the one that was asked for");
    }

    /// <inheritdoc/>
    public void Dispose() => database.Dispose();
}
