using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>A store that is disposed leaves nothing behind that could write, and no file open.</summary>
[TestFixture]
public sealed class WalDisposalTests
{
    private const int SegmentBytes = 65536;

    [Test]
    public async Task A_directory_is_not_free_before_the_append_under_way_has_ended()
    {
        (HeldDisk disk, WalStore store) = await OpenAsync();
        disk.HoldWrites = true;
        ValueTask late = store.Log.AppendAsync(Entry(index: 1, bytes: 500));

        ValueTask disposal = store.DisposeAsync();

        Assert.That(disposal.IsCompleted, Is.False);
        Assert.That(async () => await OpenAsync(disk), Throws.TypeOf<StoreLockedException>());
        disk.HoldWrites = false;
        disk.ReleaseOne();
        await late;
        await disposal;
        Assert.That(disk.OpenCount, Is.Zero);
        Assert.That(await TestEntries.AllAsync((await OpenAsync(disk)).Log), Is.EqualTo(new[] { "entry 1 of term 1" }));
    }

    [Test]
    public async Task A_directory_is_not_free_before_the_vote_under_way_is_saved()
    {
        (HeldDisk disk, WalStore store) = await OpenAsync();
        disk.HoldWrites = true;
        ValueTask late = store.Stable.SaveAsync(new TermAndVote(3, "n1"));

        ValueTask disposal = store.DisposeAsync();

        Assert.That(disposal.IsCompleted, Is.False);
        disk.HoldWrites = false;
        disk.ReleaseOne();
        await late;
        await disposal;
        Assert.That((await (await OpenAsync(disk)).Stable.LoadAsync())?.Term, Is.EqualTo(3));
    }

    [Test]
    public async Task A_disposed_store_refuses_each_write_and_says_why()
    {
        (_, WalStore store) = await OpenAsync();
        await store.DisposeAsync();

        Assert.That(
            async () => await store.Log.AppendAsync(Entry(index: 1, bytes: 5)),
            Throws.TypeOf<StoreException>().With.Message.Contains("disposed"));
        Assert.That(
            async () => await store.Stable.SaveAsync(new TermAndVote(3)),
            Throws.TypeOf<StoreException>().With.Message.Contains("disposed"));
    }

    [Test]
    public async Task Disposal_waits_for_the_zeros_under_way_and_begins_no_more_of_them()
    {
        (HeldDisk disk, WalStore store) = await OpenAsync(segmentBytes: 8 << 20);
        for (ulong index = 1; disk.HeldCount == 0; index++)
        {
            disk.FreeAllocations = 0;
            await store.Log.AppendAsync(Entry(index, bytes: 100_000));
        }

        int begun = disk.Allocations.Count;
        ValueTask disposal = store.DisposeAsync();

        Assert.That(disposal.IsCompleted, Is.False);
        disk.ReleaseOne();
        await disposal;
        Assert.That(disk.Allocations, Has.Count.EqualTo(begun));
        Assert.That(disk.OpenCount, Is.Zero);
    }

    [Test]
    public async Task Disposal_ends_an_append_that_waits_for_a_segment()
    {
        (HeldDisk disk, WalStore store) = await OpenAsync();
        disk.FreeAllocations = 0;
        ValueTask waiting = store.Log.AppendAsync(Entry(index: 1, bytes: 70_000));
        Assert.That(waiting.IsCompleted, Is.False);

        ValueTask disposal = store.DisposeAsync();

        Assert.That(async () => await waiting, Throws.TypeOf<StoreException>().With.Message.Contains("disposed"));
        disk.ReleaseOne();
        await disposal;
        Assert.That(disk.OpenCount, Is.Zero);
    }

    [Test]
    public async Task A_segment_that_cannot_be_begun_leaves_no_file_open([Range(0, 7)] int failing, [Values] bool atOpen)
    {
        var faulty = new FaultDisk();
        var disk = new HeldDisk(faulty);
        WalStore? store = atOpen ? null : await OpenAsync(disk);
        faulty.FailFrom = faulty.Changes + 1 + failing + (atOpen ? 6 : 0);

        Exception? failure = null;
        try
        {
            store ??= await OpenAsync(disk);
            await store.Log.AppendAsync(Entry(index: 1, bytes: 70_000));
        }
        catch (StoreException thrown)
        {
            failure = thrown;
        }

        await (store?.DisposeAsync() ?? ValueTask.CompletedTask);
        Assert.That(failure, Is.Not.Null);
        Assert.That(disk.OpenCount, Is.Zero);
    }

    [Test]
    public async Task A_segment_that_cannot_be_deleted_is_closed_all_the_same([Range(1, 2)] int failing)
    {
        var faulty = new FaultDisk();
        var disk = new HeldDisk(faulty);
        WalStore store = await OpenAsync(disk);
        for (ulong index = 1; index <= 20; index++)
        {
            await store.Log.AppendAsync(Entry(index, bytes: 10_000));
        }

        faulty.FailFrom = faulty.Changes + failing;
        Assert.That(async () => await store.Log.TruncatePrefixAsync(10), Throws.TypeOf<StoreException>());
        await store.DisposeAsync();

        Assert.That(disk.OpenCount, Is.Zero);
    }

    private static LogAppend Entry(ulong index, int bytes) => TestEntries.Append(TestEntries.Batch(index, 1, 1, bytes));

    private static async Task<(HeldDisk Disk, WalStore Store)> OpenAsync(long segmentBytes = SegmentBytes)
    {
        var disk = new HeldDisk(new FaultDisk());
        return (disk, await OpenAsync(disk, segmentBytes));
    }

    private static ValueTask<WalStore> OpenAsync(HeldDisk disk, long segmentBytes = SegmentBytes) => WalStore.OpenAsync(
        WalScript.Directory, disk, new WalOptions { SegmentBytes = segmentBytes, NextSalt = new Salts(seed: 7).Next });
}
