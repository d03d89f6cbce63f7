using Raft.Stores.LiteDb;
using Raft.Stores.LiteDb.Documents;
using Raft.Stores.LiteDb.Runs;
using Raft.Stores.LiteDb.Writing;
using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Stores;

/// <summary>The thread of a store on a database.</summary>
[TestFixture]
public sealed class StoreThreadTests
{
    [Test]
    public async Task What_waits_while_a_transaction_becomes_durable_is_one_transaction()
    {
        var documents = new MemoryDocuments();
        StoreThread thread = documents.Start();
        StoreContent found = await thread.Opened;
        var log = new LiteDbLogStore(thread);
        var stable = new LiteDbStableStore(thread, found.TermAndVote, found.Values);
        using var entered = new ManualResetEventSlim();
        using var released = new ManualResetEventSlim();
        documents.Committing = () =>
        {
            entered.Set();
            released.Wait();
        };

        Task first = log.AppendAsync(TestEntries.Append(TestEntries.Batch(1, 1, term: 1))).AsTask();
        entered.Wait();
        Task save = stable.SaveAsync(new TermAndVote(2)).AsTask();
        Task set = stable.SetAsync("key"u8.ToArray(), "value"u8.ToArray()).AsTask();
        bool wasEarly = save.IsCompleted || set.IsCompleted || first.IsCompleted;
        released.Set();
        await Task.WhenAll(first, save, set);
        await thread.StopAsync();

        Assert.That(wasEarly, Is.False);
        Assert.That((documents.Commits, documents.LastCommit), Is.EqualTo((2, (0, 2))));
    }

    [Test]
    public async Task After_a_failed_transaction_nothing_is_written_or_read()
    {
        var documents = new MemoryDocuments();
        StoreThread thread = documents.Start();
        await thread.Opened;
        var log = new LiteDbLogStore(thread);
        await log.AppendAsync(TestEntries.Append(TestEntries.Batch(1, 1, term: 1)));
        documents.Committing = () => throw new IOException("the disk is gone");

        Assert.That(
            async () => await log.AppendAsync(TestEntries.Append(TestEntries.Batch(2, 1, term: 1))),
            Throws.TypeOf<StoreException>().With.Message.Contains("the disk is gone"));
        documents.Committing = null;

        Assert.That(
            async () => await log.AppendAsync(TestEntries.Append(TestEntries.Batch(2, 1, term: 1))),
            Throws.TypeOf<StoreException>().With.Message.Contains("the disk is gone"));
        Assert.That(async () => await log.ReadAsync(1, 1, 1), Throws.TypeOf<StoreException>());
        Assert.That((log.LastIndex, documents.Commits), Is.EqualTo((1UL, 1)));
        await thread.StopAsync();
    }

    [TestCase(1)]
    [TestCase(2)]
    public async Task Whoever_asks_after_a_failure_is_told_of_it_also_while_what_was_let_go_is_still_there(int committed)
    {
        var documents = new MemoryDocuments();
        StoreThread thread = documents.Start();
        await thread.Opened;
        var log = new LiteDbLogStore(thread);
        for (ulong index = 1; index <= 4; index++)
        {
            await log.AppendAsync(TestEntries.Append(TestEntries.Batch(index, 1, term: 1, bytes: RunWriter.DeletedBytesMax / 2)));
        }

        // The first commit is of the truncation itself; the next one deletes what it left.
        int commits = 0;
        documents.Committing = () =>
        {
            if (++commits >= committed)
            {
                throw new IOException("the disk is gone");
            }
        };
        Task truncation = log.TruncatePrefixAsync(4).AsTask();
        Assert.That(() => truncation, committed == 1 ? Throws.TypeOf<StoreException>() : Throws.Nothing);
        await Eventually.HoldsAsync("a commit fails", () => Volatile.Read(ref commits) >= committed);
        documents.Committing = null;

        for (int i = 0; i < 3; i++)
        {
            Assert.That(
                async () => await log.AppendAsync(TestEntries.Append(TestEntries.Batch(5, 1, term: 1))),
                Throws.TypeOf<StoreException>().With.Message.Contains("the disk is gone"));
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }

        await thread.StopAsync();
    }

    [Test]
    public async Task A_database_that_cannot_be_opened_ends_the_thread_and_says_why()
    {
        StoreThread thread = StoreThread.Start(() => throw new IOException("no such disk"), "raft.db", 0, new WriteFuse());

        Assert.That(async () => await thread.Opened, Throws.TypeOf<IOException>());
        await thread.StopAsync();
    }

    [Test]
    public async Task A_record_that_is_not_what_was_written_refuses_the_start([Values(1UL, 2UL, 3UL)] ulong id)
    {
        var documents = new MemoryDocuments();
        StoreThread thread = documents.Start();
        StoreContent found = await thread.Opened;
        var stable = new LiteDbStableStore(thread, found.TermAndVote, found.Values);
        var log = new LiteDbLogStore(thread);
        await log.AppendAsync(TestEntries.Append(TestEntries.Batch(1, 1, term: 1)));
        await log.TruncatePrefixAsync(1);
        await stable.SaveAsync(new TermAndVote(3, "n1", "a:1"));
        await stable.SetAsync("key"u8.ToArray(), "value"u8.ToArray());
        await thread.StopAsync();
        byte[] record = documents.Content(DocumentSet.Records, id);
        for (int at = 0; at < record.Length; at++)
        {
            byte[] changed = record.AsSpan().ToArray();
            changed[at] ^= 0x10;
            documents.Tamper(DocumentSet.Records, id, changed);

            StoreThread again = documents.Start();

            Assert.That(async () => await again.Opened, Throws.TypeOf<CorruptStoreException>(), $"byte {at}");
            await again.StopAsync();
        }
    }

    [Test]
    public async Task Values_that_are_set_at_once_are_all_kept()
    {
        var documents = new MemoryDocuments();
        StoreThread thread = documents.Start();
        StoreContent found = await thread.Opened;
        var stable = new LiteDbStableStore(thread, found.TermAndVote, found.Values);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => stable.SetAsync(new[] { (byte)i }, new[] { (byte)i }).AsTask()));
        bool areVisible = (await stable.ListKeysAsync()).Count == 50;
        await thread.StopAsync();
        StoreThread again = documents.Start();
        StoreContent kept = await again.Opened;
        await again.StopAsync();

        Assert.That(areVisible, Is.True);
        Assert.That(kept.Values.Keys, Has.Count.EqualTo(50));
    }

    [Test]
    public async Task A_store_that_is_disposed_refuses_what_comes_after()
    {
        var documents = new MemoryDocuments();
        StoreThread thread = documents.Start();
        await thread.Opened;
        var log = new LiteDbLogStore(thread);
        await thread.StopAsync();

        Assert.That(
            async () => await log.AppendAsync(TestEntries.Append(TestEntries.Batch(1, 1, term: 1))),
            Throws.TypeOf<StoreException>().With.Message.Contains("disposed"));
        Assert.That(async () => await log.ReadAsync(1, 1, 1), Throws.TypeOf<StoreException>().With.Message.Contains("disposed"));
    }
}
