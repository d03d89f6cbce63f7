using LiteDB;
using LiteDB.Engine;
using Raft.Stores.LiteDb.Documents;

namespace Raft.Stores.LiteDb.Engine;

/// <summary>A LiteDB engine as a store uses it. Owned by the store's thread.</summary>
/// <remarks>
/// Documents are reached by their id alone, without queries: LiteDB keeps a compiled delegate for each new literal in a query
/// (issue 2807), and counts by going through everything.
/// </remarks>
internal sealed class LiteDbDatabase : IDocumentDatabase
{
    private readonly LiteEngine _engine;

    /// <summary>Opens a database, and creates it where the data stream is empty.</summary>
    public LiteDbDatabase(Stream data, Stream log, int checkpointPages)
    {
        _engine = new LiteEngine(new EngineSettings { DataStream = data, LogStream = log, Collation = Collation.Binary });
        _engine.Pragma(Pragmas.CHECKPOINT, checkpointPages);
    }

    /// <inheritdoc/>
    public List<ulong> Ids(DocumentSet set) => throw new NotSupportedException($"{set}");

    /// <inheritdoc/>
    public byte[]? Read(DocumentSet set, ulong id) => throw new NotSupportedException($"{set} {id}");

    /// <inheritdoc/>
    public void Commit(DocumentChanges changes) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Dispose() => _engine.Dispose();
}
