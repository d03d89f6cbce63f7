using System.Runtime.InteropServices;
using LiteDB;
using LiteDB.Engine;
using Raft.Stores.LiteDb.Documents;

namespace Raft.Stores.LiteDb.Engine;

/// <summary>A LiteDB engine as a store uses it. Owned by the store's thread.</summary>
/// <remarks>
/// Each document is an id and its bytes, and is reached by its id alone: LiteDB keeps a compiled delegate for every new literal in a
/// query (its issue 2807), and counts by going through everything.
/// </remarks>
internal sealed class LiteDbDatabase : IDocumentDatabase
{
    private const string IdField = "_id";
    private const string ContentField = "d";

    private static readonly BsonExpression SelectId = BsonExpression.Create(IdField);

    private readonly LiteEngine _engine;
    private readonly List<BsonValue> _ids = [];
    private readonly List<BsonDocument> _documents = [];
    private bool _isAbandoned;

    /// <summary>Opens a database, and creates it where the data stream is empty.</summary>
    public LiteDbDatabase(Stream data, Stream log, int checkpointPages)
    {
        _engine = new LiteEngine(new EngineSettings { DataStream = data, LogStream = log, Collation = Collation.Binary });
        Perform(() => _engine.Pragma(Pragmas.CHECKPOINT, checkpointPages));
    }

    /// <inheritdoc/>
    public List<ulong> Ids(DocumentSet set) => Perform(() => FindIds(set));

    /// <inheritdoc/>
    public byte[]? Read(DocumentSet set, ulong id) => Perform(() => Find(set, id));

    /// <inheritdoc/>
    public void Commit(DocumentChanges changes) => Perform(() =>
    {
        _engine.BeginTrans();
        foreach (DocumentSet set in (ReadOnlySpan<DocumentSet>)[DocumentSet.Log, DocumentSet.Records])
        {
            Delete(set, changes);
            Write(set, changes);
        }

        return _engine.Commit();
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isAbandoned)
        {
            Perform(() =>
            {
                _engine.Dispose();
                return true;
            });
        }
    }

    private static string NameOf(DocumentSet set) => set == DocumentSet.Log ? "log" : "records";

    /// <summary>
    /// Does something with the engine. If that fails the engine is never touched again, not even closed, and kept in memory: the
    /// finalizer of a transaction that failed throws when it meets its pages, which would end the process.
    /// </summary>
    private T Perform<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch
        {
            if (!_isAbandoned)
            {
                _isAbandoned = true;
                GCHandle.Alloc(_engine);
            }

            throw;
        }
    }

    private List<ulong> FindIds(DocumentSet set)
    {
        // Nothing but the id is asked for, so that LiteDB goes through the index alone.
        var query = new Query { OrderBy = SelectId };
        query.Select = SelectId;
        var ids = new List<ulong>();
        using IBsonDataReader reader = _engine.Query(NameOf(set), query);
        while (reader.Read())
        {
            ids.Add((ulong)reader.Current[IdField].AsInt64);
        }

        return ids;
    }

    private byte[]? Find(DocumentSet set, ulong id)
    {
        var query = new Query();
        query.Where.Add(BsonExpression.Create("_id = @0", new BsonValue((long)id)));
        using IBsonDataReader reader = _engine.Query(NameOf(set), query);
        return reader.Read() ? reader.Current[ContentField].AsBinary : null;
    }

    private void Delete(DocumentSet set, DocumentChanges changes)
    {
        _ids.Clear();
        foreach ((DocumentSet deletedFrom, ulong id) in changes.Deleted)
        {
            if (deletedFrom == set)
            {
                _ids.Add((long)id);
            }
        }

        if (_ids.Count > 0)
        {
            _engine.Delete(NameOf(set), _ids);
        }
    }

    private void Write(DocumentSet set, DocumentChanges changes)
    {
        _documents.Clear();
        foreach ((DocumentSet writtenTo, ulong id, byte[] content) in changes.Written)
        {
            if (writtenTo == set)
            {
                _documents.Add(new BsonDocument { [IdField] = (long)id, [ContentField] = content });
            }
        }

        if (_documents.Count > 0)
        {
            _engine.Upsert(NameOf(set), _documents, BsonAutoId.Int64);
        }
    }
}
