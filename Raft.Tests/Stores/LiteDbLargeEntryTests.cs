using Raft.Stores.LiteDb;
using Raft.Testing.Contracts;
using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Stores;

/// <summary>Entries as large as a node takes, each of which is more than a thousand of LiteDB's pages.</summary>
[TestFixture]
public sealed class LiteDbLargeEntryTests
{
    private const int EntryBytes = 8 << 20;

    [SetUp]
    public void RequireLiteDb() => LiteDbRequired.OrSkip();

    [Test]
    public async Task Many_of_them_are_deleted_from_both_ends_of_a_log_that_was_opened_anew()
    {
        using var directory = new TemporaryDirectory();
        await using (LiteDbStore store = await LiteDbStore.OpenAsync(directory.Path))
        {
            for (ulong index = 1; index <= 20; index++)
            {
                await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(index, count: 1, term: 1, EntryBytes)));
            }
        }

        await using LiteDbStore opened = await LiteDbStore.OpenAsync(directory.Path);
        await opened.Log.TruncateSuffixAsync(11);
        await opened.Log.TruncatePrefixAsync(9);
        await Eventually.HoldsAsync("the front is gone", () => opened.Log.FirstIndex == 10);

        Assert.That(await TestEntries.AllAsync(opened.Log), Is.EqualTo(new[] { "entry 10 of term 1" }));
    }
}
