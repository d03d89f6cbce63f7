using Raft.Stores.LiteDb.Documents;
using Raft.Stores.LiteDb.Writing;
using Raft.Stores.Wal;

namespace Raft.Tests.Support;

/// <summary>A database of documents in memory, as a store on LiteDB needs one, which fails where a test says so.</summary>
internal sealed class MemoryDocuments
{
    private readonly Dictionary<(DocumentSet Set, ulong Id), byte[]> _documents = [];

    /// <summary>How many transactions were committed.</summary>
    public int Commits { get; private set; }

    /// <summary>What the last transaction changed, as (documents deleted, documents written).</summary>
    public (int Deleted, int Written) LastCommit { get; private set; }

    /// <summary>Called within each transaction, before it is committed.</summary>
    public Action? Committing { get; set; }

    /// <summary>The documents of the log, by their ids.</summary>
    public IReadOnlyDictionary<ulong, byte[]> Runs =>
        _documents.Where(d => d.Key.Set == DocumentSet.Log).ToDictionary(d => d.Key.Id, d => d.Value);

    /// <summary>Puts other bytes in a document's place, or takes it away.</summary>
    public void Tamper(DocumentSet set, ulong id, byte[]? content)
    {
        _documents.Remove((set, id));
        if (content is not null)
        {
            _documents[(set, id)] = content;
        }
    }

    /// <summary>A document's bytes.</summary>
    public byte[] Content(DocumentSet set, ulong id) => _documents[(set, id)];

    /// <summary>Starts a store's thread on it.</summary>
    public StoreThread Start(WriteFuse? fuse = null, long cacheBytes = 1 << 20) =>
        StoreThread.Start(() => new Database(this), "memory", cacheBytes, fuse ?? new WriteFuse());

    private sealed class Database(MemoryDocuments documents) : IDocumentDatabase
    {
        private readonly int _thread = Environment.CurrentManagedThreadId;

        public List<ulong> Ids(DocumentSet set)
        {
            RequireThread();
            return [.. documents._documents.Keys.Where(d => d.Set == set).Select(d => d.Id).Order()];
        }

        public byte[]? Read(DocumentSet set, ulong id)
        {
            RequireThread();
            return documents._documents.GetValueOrDefault((set, id));
        }

        public void Commit(DocumentChanges changes)
        {
            RequireThread();
            documents.Committing?.Invoke();
            changes.Deleted.ForEach(d => Assert.That(documents._documents.Remove(d), Is.True, $"{d} was there"));
            changes.Written.ForEach(w => documents._documents[(w.Set, w.Id)] = w.Content);
            documents.LastCommit = (changes.Deleted.Count, changes.Written.Count);
            documents.Commits++;
        }

        public void Dispose() => RequireThread();

        private void RequireThread() =>
            Assert.That(Environment.CurrentManagedThreadId, Is.EqualTo(_thread), "a transaction belongs to the thread that opened the database");
    }
}
