using Raft.Stores.LiteDb.Documents;
using Raft.Stores.LiteDb.Engine;
using Raft.Tests.Support;

namespace Raft.Tests.Stores;

/// <summary>What a store asks of LiteDB, on LiteDB itself.</summary>
[TestFixture]
public sealed class LiteDbDatabaseTests
{
    [SetUp]
    public void RequireLiteDb() => LiteDbRequired.OrSkip();

    [Test]
    public void Documents_are_written_replaced_deleted_and_listed_in_the_order_of_their_ids()
    {
        using var data = new MemoryStream();
        using var log = new MemoryStream();
        using IDocumentDatabase database = LiteDbEngine.Open(data, log, checkpointPages: 1000);
        database.Commit(Written((DocumentSet.Log, 300, [1]), (DocumentSet.Log, 7, [2]), (DocumentSet.Records, 1, [3])));
        database.Commit(Written((DocumentSet.Log, 7, new byte[20_000]), (DocumentSet.Log, 5_000_000_000, [])));
        var deletion = new DocumentChanges();
        deletion.Deleted.Add((DocumentSet.Log, 300));

        List<ulong> before = database.Ids(DocumentSet.Log);
        database.Commit(deletion);

        Assert.That(before, Is.EqualTo(new ulong[] { 7, 300, 5_000_000_000 }));
        Assert.That(database.Ids(DocumentSet.Log), Is.EqualTo(new ulong[] { 7, 5_000_000_000 }));
        Assert.That(database.Ids(DocumentSet.Records), Is.EqualTo(new[] { 1UL }));
        Assert.That(database.Read(DocumentSet.Log, 7), Has.Length.EqualTo(20_000));
        Assert.That(database.Read(DocumentSet.Log, 5_000_000_000), Is.Empty);
        Assert.That(database.Read(DocumentSet.Log, 300), Is.Null);
        Assert.That(database.Read(DocumentSet.Records, 7), Is.Null);
    }

    [Test]
    public void An_empty_database_has_no_documents()
    {
        using var data = new MemoryStream();
        using var log = new MemoryStream();
        using IDocumentDatabase database = LiteDbEngine.Open(data, log, checkpointPages: 1000);

        Assert.That(database.Ids(DocumentSet.Log), Is.Empty);
        Assert.That(database.Read(DocumentSet.Records, 1), Is.Null);
    }

    private static DocumentChanges Written(params (DocumentSet, ulong, byte[])[] documents)
    {
        var changes = new DocumentChanges();
        changes.Written.AddRange(documents);
        return changes;
    }
}
