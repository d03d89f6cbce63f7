using System.Globalization;
using System.Security.Cryptography;
using Raft.Stores.Bolt;
using Raft.Tests.Support;

namespace Raft.Tests.Import;

/// <summary>What Go nodes wrote is read as they read it themselves.</summary>
[TestFixture]
public sealed class BoltReadingTests
{
    [TestCaseSource(typeof(GoldenNode), nameof(GoldenNode.All))]
    public async Task All_that_a_Go_node_holds_is_read(GoldenNode node)
    {
        await using BoltStore store = await BoltStore.OpenAsync(new MemorySource(node.Database));

        Assert.That(await EntriesAsync(store.Log, int.MaxValue), Is.EqualTo(node.Entries));
        Assert.That(await store.Stable.LoadAsync(), Is.EqualTo(new TermAndVote(node.Term, default, node.Address)));
        Assert.That(await ((IStableKeys)store.Stable).ListKeysAsync(), Is.Empty);
        Assert.That((store.Gap, store.IsFreelistOnDisk), Is.EqualTo(((LogGap?)null, true)));
    }

    [Test]
    public async Task A_read_ends_where_it_is_asked_to_and_has_one_entry_at_least()
    {
        GoldenNode node = GoldenNode.All[0];
        await using BoltStore store = await BoltStore.OpenAsync(new MemorySource(node.Database));
        List<string> all = [.. node.Entries];

        Assert.That(await EntriesAsync(store.Log, bytesMax: 1), Is.EqualTo(all));
        Assert.That(await EntriesAsync(store.Log, bytesMax: 5000), Is.EqualTo(all));
        LogBatch some = await store.Log.ReadAsync(store.Log.FirstIndex + 7, store.Log.FirstIndex + 30, int.MaxValue);
        Assert.That((some.FirstIndex, some.Count), Is.EqualTo((store.Log.FirstIndex + 7, 24)));
        LogBatch few = await store.Log.ReadAsync(store.Log.FirstIndex, store.Log.LastIndex, bytesMax: 1000);
        Assert.That(few.Encoded.Length, Is.LessThanOrEqualTo(1000).And.GreaterThan(0));
        Assert.That(
            async () => await store.Log.ReadAsync(store.Log.LastIndex + 1, store.Log.LastIndex + 1, 1),
            Throws.TypeOf<LogNotFoundException>());
        Assert.That(async () => await store.Log.ReadAsync(1, 1, 1), Throws.TypeOf<LogNotFoundException>());
    }

    [Test]
    public async Task Nothing_can_be_written()
    {
        await using BoltStore store = await BoltStore.OpenAsync(new MemorySource(GoldenNode.All[0].Database));

        Assert.That(async () => await store.Log.TruncateSuffixAsync(100), Throws.InstanceOf<StoreException>());
        Assert.That(async () => await store.Log.TruncatePrefixAsync(100), Throws.InstanceOf<StoreException>());
        Assert.That(async () => await store.Log.AppendAsync(default), Throws.InstanceOf<StoreException>());
        Assert.That(async () => await store.Stable.SaveAsync(new TermAndVote(9)), Throws.InstanceOf<StoreException>());
        Assert.That(async () => await store.Stable.SetAsync(new byte[1], default), Throws.InstanceOf<StoreException>());
    }

    [Test]
    public async Task A_file_that_another_has_open_is_refused_and_one_that_is_read_is_locked()
    {
        using var directory = new TemporaryDirectory();
        GoldenNode.All[0].Put(directory.Path);
        string path = directory.File("raft.db");

        await using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            Assert.That(
                async () => await BoltStore.OpenAsync(path),
                Throws.TypeOf<StoreLockedException>().With.Message.Contains(path).And.Message.Contains("Stop it first"));
        }

        await using (await BoltStore.OpenAsync(path))
        {
            Assert.That(async () => await BoltStore.OpenAsync(path), Throws.TypeOf<StoreLockedException>());
        }

        await using BoltStore again = await BoltStore.OpenAsync(path);
        Assert.That(again.Log.LastIndex, Is.EqualTo(228));
    }

    [Test]
    public void A_file_that_is_not_there_is_refused()
    {
        using var directory = new TemporaryDirectory();

        Assert.That(
            async () => await BoltStore.OpenAsync(directory.File("raft.db")),
            Throws.TypeOf<StoreException>().With.Message.Contains("raft.db cannot be read"));
        Assert.That(Directory.EnumerateFileSystemEntries(directory.Path), Is.Empty);
    }

    private static async Task<List<string>> EntriesAsync(ILogStore log, int bytesMax)
    {
        var all = new List<string>();
        for (ulong next = log.FirstIndex; next <= log.LastIndex;)
        {
            LogBatch batch = await log.ReadAsync(next, log.LastIndex, bytesMax);
            for (int i = 0; i < batch.Count; i++)
            {
                LogEntry entry = batch[i];
                string hash = Convert.ToHexStringLower(SHA256.HashData(entry.Data.Span));
                all.Add(string.Create(
                    CultureInfo.InvariantCulture, $"{entry.Index} {entry.Term} {(byte)entry.Type} {hash} {entry.Extensions.Length}"));
            }

            next = batch.LastIndex + 1;
        }

        return all;
    }
}
