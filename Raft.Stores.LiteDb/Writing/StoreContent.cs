using System.Buffers.Binary;
using Raft.Stores.LiteDb.Documents;
using Raft.Stores.LiteDb.Runs;
using Raft.Stores.Wal.Stable;

namespace Raft.Stores.LiteDb.Writing;

/// <summary>What a database holds, as the store knows it. Made and owned by the store's thread.</summary>
internal sealed class StoreContent
{
    private readonly RunTable _table = new();

    private StoreContent(IDocumentDatabase database, string path, long cacheBytes)
    {
        Database = database;
        var cache = new RunCache(cacheBytes);
        Reader = new RunReader(database, _table, cache, path);
        Writer = new RunWriter(_table, cache, Reader);
    }

    /// <summary>The database.</summary>
    public IDocumentDatabase Database { get; }

    /// <summary>Reads entries.</summary>
    public RunReader Reader { get; }

    /// <summary>Changes entries.</summary>
    public RunWriter Writer { get; }

    /// <summary>The index of the first entry, or 0.</summary>
    public ulong FirstIndex => _table.FirstIndex;

    /// <summary>The index of the last entry, or 0.</summary>
    public ulong LastIndex => _table.LastIndex;

    /// <summary>The term and vote that were found.</summary>
    public TermAndVote? TermAndVote { get; private set; }

    /// <summary>The values that were found.</summary>
    public StoredValues Values { get; private set; } = StoredValues.None;

    /// <summary>Reads what a database holds.</summary>
    /// <param name="database">The database.</param>
    /// <param name="path">Its file, for messages.</param>
    /// <param name="cacheBytes">How many bytes of entries to keep.</param>
    /// <exception cref="CorruptStoreException">It is not what was written.</exception>
    public static StoreContent Load(IDocumentDatabase database, string path, long cacheBytes)
    {
        var content = new StoreContent(database, path, cacheBytes);
        ulong commitIndex = 0;
        try
        {
            if (content.Record(RecordIds.TermAndVote) is { } termAndVote)
            {
                content.TermAndVote = TermAndVoteEncoding.Decode(termAndVote);
            }

            if (content.Record(RecordIds.Values) is { } values)
            {
                content.Values = StoredValues.Decode(values, path) ?? throw new FormatException("the values are not whole");
            }

            if (content.Record(RecordIds.CommitIndex) is { } hint)
            {
                commitIndex = BinaryPrimitives.ReadUInt64LittleEndian(hint);
            }
        }
        catch (Exception wrong) when (wrong is FormatException or ArgumentException)
        {
            throw new CorruptStoreException($"{path} is damaged in its term and vote, or in what stands beside them: {wrong.Message}", wrong);
        }

        content.LoadRuns(commitIndex);
        return content;
    }

    private void LoadRuns(ulong commitIndex)
    {
        List<ulong> runs = Database.Ids(DocumentSet.Log);
        LogBatch? newest = null;
        if (runs.Count > 0)
        {
            newest = Reader.ReadRun(runs[^1], lastIndex: null, out ulong newestCommitIndex);
            commitIndex = Math.Max(commitIndex, newestCommitIndex);
            _table.Load(runs, newest.LastIndex);
        }

        Writer.Load(newest, commitIndex);
    }

    private byte[]? Record(ulong id) =>
        Database.Read(DocumentSet.Records, id) is { } record ? RecordEncoding.Decode(id, record).ToArray() : null;
}
