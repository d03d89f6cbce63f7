using Raft.Stores.Wal;
using Raft.Stores.Wal.Format;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>What a store says when its disk fails, when another uses it, and when it cannot read what is there.</summary>
[TestFixture]
public sealed class WalFailureTests
{
    [Test]
    public async Task After_a_failed_sync_every_later_write_fails_with_the_same_cause_and_reads_go_on()
    {
        (FaultDisk disk, WalStore store) = await OpenWithEntriesAsync();
        disk.FailFrom = disk.Changes + 1;
        disk.FailOnlySyncs = true;

        StoreException? first = await FailureOf(store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(4, 1, 1))));
        disk.FailFrom = int.MaxValue;
        StoreException? append = await FailureOf(store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(4, 1, 1))));
        StoreException? truncation = await FailureOf(store.Log.TruncateSuffixAsync(2));
        StoreException? vote = await FailureOf(store.Stable.SaveAsync(new TermAndVote(2)));

        Assert.That(first!.InnerException, Is.InstanceOf<IOException>());
        Assert.That(append!.InnerException, Is.SameAs(first.InnerException));
        Assert.That(truncation!.InnerException, Is.SameAs(first.InnerException));
        Assert.That(vote!.InnerException, Is.SameAs(first.InnerException));
        Assert.That(append.Message, Does.Contain(".wal"));
        Assert.That(await TestEntries.AllAsync(store.Log), Has.Count.EqualTo(3));
    }

    [Test]
    public async Task A_failed_sync_of_the_vote_ends_all_writes_too()
    {
        (FaultDisk disk, WalStore store) = await OpenWithEntriesAsync();
        disk.FailFrom = disk.Changes + 1;

        StoreException? vote = await FailureOf(store.Stable.SaveAsync(new TermAndVote(2)));
        disk.FailFrom = int.MaxValue;
        StoreException? append = await FailureOf(store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(4, 1, 1))));

        Assert.That(vote!.Message, Does.Contain("stable.rec"));
        Assert.That(append!.InnerException, Is.SameAs(vote.InnerException));
    }

    [Test]
    public async Task A_record_that_changes_under_an_open_store_is_refused_by_the_read()
    {
        (FaultDisk disk, WalStore store) = await OpenWithEntriesAsync();
        disk.Content(disk.NewestSegment)[SegmentHeader.PageBytes + GroupHeader.Bytes + 100] ^= 4;

        Assert.That(
            async () => await store.Log.ReadAsync(1, 3, 1000),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains(disk.NewestSegment).And.Message.Contains("offset"));
    }

    [Test]
    public async Task A_directory_in_use_is_refused_and_free_after_its_store_is_disposed()
    {
        using var directory = new TemporaryDirectory();
        WalStore store = await WalStore.OpenAsync(directory.Path, options: WalScript.Options());

        Assert.That(
            async () => await WalStore.OpenAsync(directory.Path, options: WalScript.Options()),
            Throws.TypeOf<StoreLockedException>().With.Message.Contains(directory.Path).And.Message.Contains("this process"));
        await store.DisposeAsync();

        await (await WalStore.OpenAsync(directory.Path, options: WalScript.Options())).DisposeAsync();
    }

    [TestCase("log-00000000000000000001.wal")]
    [TestCase("stable.rec")]
    [TestCase("values.rec")]
    public async Task A_file_of_a_newer_format_is_refused_as_such_and_left_alone(string name)
    {
        (FaultDisk disk, WalStore store) = await OpenWithEntriesAsync();
        await store.Stable.SetAsync(new byte[] { 1 }, new byte[] { 2 });
        await store.DisposeAsync();
        string path = $"{WalScript.Directory}/{name}";
        FormatHead.Write(disk.Content(path), disk.Content(path).AsSpan(0, 8).ToArray(), version: 2);
        FaultDisk opened = disk.Clone();

        Assert.That(
            async () => await WalScript.OpenAsync(opened),
            Throws.TypeOf<StoreException>().With.Message.Contains(path).And.Message.Contains("version 2"));
        Assert.That(opened.HoldsTheSameAs(disk), Is.True);
    }

    [Test]
    public async Task A_log_without_its_term_and_vote_is_refused()
    {
        (FaultDisk disk, WalStore store) = await OpenWithEntriesAsync();
        await store.DisposeAsync();
        await disk.DeleteAsync($"{WalScript.Directory}/stable.rec");

        Assert.That(
            async () => await WalScript.OpenAsync(disk),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains("stable.rec"));
    }

    [TestCase(0.0)]
    [TestCase(0.01)]
    [TestCase(0.5)]
    [TestCase(0.999)]
    public async Task A_segment_that_is_shorter_than_it_was_made_is_refused(double share)
    {
        (FaultDisk disk, _) = await WalScript.RunAsync(WalScript.Steps.Count);
        disk.KillProcess();
        string newest = disk.Paths.Last(p => p.EndsWith(".wal", StringComparison.Ordinal));
        byte[] content = disk.Content(newest);
        await disk.DeleteAsync(newest);
        IDiskFile file = await disk.OpenAsync(newest, DiskOpenMode.New);
        await file.WriteAndSyncAsync(0, content.AsMemory(0, (int)(content.Length * share)));

        Assert.That(
            async () => await WalScript.OpenAsync(disk),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains(newest));
    }

    [Test]
    public async Task A_term_without_a_log_is_refused()
    {
        (FaultDisk disk, WalStore store) = await OpenWithEntriesAsync();
        await store.Stable.SaveAsync(new TermAndVote(3, "n1", "addr1"));
        await store.DisposeAsync();
        foreach (string segment in disk.Paths.Where(p => p.EndsWith(".wal", StringComparison.Ordinal)).ToArray())
        {
            await disk.DeleteAsync(segment);
        }

        Assert.That(
            async () => await WalScript.OpenAsync(disk),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains("the log is missing"));
    }

    [Test]
    public async Task The_highest_commit_index_noted_in_the_log_is_known_at_open()
    {
        (FaultDisk disk, WalStore store) = await OpenWithEntriesAsync();
        Assert.That(store.CommitIndexHint, Is.Zero);
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(4, 1, 1), commitIndex: 3));
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(5, 1, 1), commitIndex: 2));
        await store.DisposeAsync();

        store = await WalScript.OpenAsync(disk);

        Assert.That(store.CommitIndexHint, Is.EqualTo(3));
    }

    [Test]
    public async Task Compaction_deletes_files_and_an_open_read_ends_undisturbed()
    {
        using var directory = new TemporaryDirectory();
        await using WalStore store = await WalStore.OpenAsync(directory.Path, options: WalScript.Options());
        for (ulong first = 1; first <= 200; first += 5)
        {
            await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(first, 5, 1, bytes: 200)));
        }

        int before = Directory.GetFiles(directory.Path, "*.wal").Length;
        ValueTask<LogBatch> read = store.Log.ReadAsync(1, 10, 10_000);
        await store.Log.TruncatePrefixAsync(150);

        Assert.That((await read).Count, Is.EqualTo(10));
        Assert.That(Directory.GetFiles(directory.Path, "*.wal"), Has.Length.LessThan(before / 2));
        Assert.That(store.Log.FirstIndex, Is.InRange(100, 151));
    }

    private static async Task<(FaultDisk Disk, WalStore Store)> OpenWithEntriesAsync()
    {
        var disk = new FaultDisk();
        WalStore store = await WalScript.OpenAsync(disk);
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 1, count: 3, term: 1, bytes: 50)));
        return (disk, store);
    }

    private static async Task<StoreException?> FailureOf(ValueTask write)
    {
        try
        {
            await write;
            return null;
        }
        catch (StoreException failure)
        {
            return failure;
        }
    }
}
