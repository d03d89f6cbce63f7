using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Storage;
using Raft.Tests.Support;

namespace Raft.Tests.Mutations;

/// <summary>The bugs that can be planted in a write-ahead log; without them it is opened as by anyone.</summary>
public sealed class WalMutationTests
{
    private static ValueTask<WalStore> OpenAsync(FaultDisk disk, bool isPlanted, WalMutation bug) => isPlanted
        ? WalStore.OpenAsync(WalScript.Directory, disk, WalScript.Options(), bug)
        : WalStore.OpenAsync(WalScript.Directory, disk, WalScript.Options());

    [Test]
    public async Task NoSyncAtOpen_loses_what_it_read_and_no_power_cut_took_before([Values] bool isPlanted)
    {
        var disk = new FaultDisk();
        WalStore store = await WalScript.OpenAsync(disk);
        disk.FailFrom = disk.Changes + 1;
        disk.FailOnlySyncs = true;
        Assert.That(async () => await store.Stable.SaveAsync(new TermAndVote(1)), Throws.TypeOf<StoreException>());
        disk.KillProcess();
        store = await OpenAsync(disk, isPlanted, WalMutation.NoSyncAtOpen);
        disk.FailFrom = disk.Changes + 1;
        Assert.That(
            async () => await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(1, count: 2, term: 1))),
            Throws.TypeOf<StoreException>());
        disk.KillProcess();

        store = await OpenAsync(disk, isPlanted, WalMutation.NoSyncAtOpen);
        Assert.That((store.Log.LastIndex, await store.Stable.LoadAsync()), Is.EqualTo((2, new TermAndVote(1))));
        WalStore left = await WalScript.OpenAsync(disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false));

        Assert.That(left.Log.LastIndex, Is.EqualTo(isPlanted ? 0 : 2));
        Assert.That(await left.Stable.LoadAsync(), Is.EqualTo(isPlanted ? null : new TermAndVote(1)));
    }

    [Test]
    public async Task TruncationByOverwriting_takes_what_is_left_of_cut_groups_for_damage([Values] bool isPlanted)
    {
        var disk = new FaultDisk();
        WalStore store = await OpenAsync(disk, isPlanted, WalMutation.TruncationByOverwriting);
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(1, count: 3, term: 1)));
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(4, count: 2, term: 1)));
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(6, count: 1, term: 1)));

        await store.Log.TruncateSuffixAsync(4);
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(4, count: 1, term: 2)));
        List<string> held = await TestEntries.AllAsync(store.Log);
        await store.DisposeAsync();

        Assert.That(held, Has.Count.EqualTo(4).And.ItemAt(3).EqualTo("entry 4 of term 2"));
        Assert.That(
            async () => await WalScript.ContentAsync(disk),
            isPlanted ? Throws.TypeOf<CorruptStoreException>() : Is.EqualTo(held));
    }

    [Test]
    public async Task TruncationByOverwriting_goes_on_where_it_has_written_over_all_that_it_cut()
    {
        var disk = new FaultDisk();
        WalStore store = await OpenAsync(disk, isPlanted: true, WalMutation.TruncationByOverwriting);
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(1, count: 3, term: 1)));
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(4, count: 2, term: 1)));

        await store.Log.TruncateSuffixAsync(4);
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(4, count: 3, term: 2)));
        await store.DisposeAsync();

        Assert.That(await WalScript.ContentAsync(disk), Has.Count.EqualTo(6).And.ItemAt(3).EqualTo("entry 4 of term 2"));
    }

    [Test]
    public async Task TornRecord_leaves_a_term_with_the_vote_of_another([Values] bool isPlanted)
    {
        TermAndVote old = new(5, "node-1", "a:1");
        TermAndVote next = new(6);
        var disk = new FaultDisk();
        WalStore store = await OpenAsync(disk, isPlanted, WalMutation.TornRecord);
        await store.Stable.SaveAsync(old);
        disk.FailFrom = disk.Changes + 2;
        Assert.That(async () => await store.Stable.SaveAsync(next), Throws.TypeOf<StoreException>());

        FaultDisk left = disk.AfterPowerCut(keepsUnsynced: true, keepsNames: true);
        store = await OpenAsync(left, isPlanted, WalMutation.TornRecord);

        Assert.That(await store.Stable.LoadAsync(), isPlanted ? Is.EqualTo(new TermAndVote(5)) : Is.AnyOf(old, next));
    }

    [Test]
    public async Task TornRecord_keeps_whole_records_across_opens()
    {
        var disk = new FaultDisk();
        for (ulong term = 1; term <= 4; term++)
        {
            WalStore store = await OpenAsync(disk, isPlanted: true, WalMutation.TornRecord);
            Assert.That((await store.Stable.LoadAsync())?.Term ?? 0, Is.EqualTo(term - 1));
            await store.Stable.SaveAsync(new TermAndVote(term, new string('n', (int)(10 / term)), "a:1"));
            await store.DisposeAsync();
            disk = disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
        }
    }

    [Test]
    public async Task SnapshotVisibleBeforeDurable_lists_what_a_power_cut_took([Values] bool isPlanted)
    {
        var disk = new FaultDisk();
        FileSnapshotStore store = isPlanted
            ? await FileSnapshotStore.OpenAsync(SnapshotDirectory.Path, disk, null, WalMutation.SnapshotVisibleBeforeDurable)
            : await FileSnapshotStore.OpenAsync(SnapshotDirectory.Path, disk);
        SnapshotMeta meta = await TestSnapshots.WriteAsync(store, TestSnapshots.Point(2, 10), new byte[5000]);

        store = await SnapshotDirectory.OpenAsync(disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false));

        Assert.That(await store.ListAsync(), Is.EqualTo(new[] { meta }));
        Assert.That(
            async () => await TestSnapshots.ReadAsync(store, meta.Id),
            isPlanted ? Throws.TypeOf<CorruptStoreException>() : Has.Length.EqualTo(5000));
    }

    [Test]
    public async Task SegmentSaltReused_takes_what_is_left_of_a_dropped_segment_for_groups_that_were_written_later([Values] bool isPlanted)
    {
        var disk = new FaultDisk();
        WalStore store = await OpenAsync(disk, isPlanted, WalMutation.SegmentSaltReused);
        ulong next = 1;
        while (disk.Paths.Count(path => path.EndsWith(".wal", StringComparison.Ordinal)) < 3)
        {
            await AppendAsync(store, next++);
        }

        await store.Log.TruncatePrefixAsync(next - 2);
        string newest = disk.NewestSegment;
        while (disk.NewestSegment == newest)
        {
            await AppendAsync(store, next++);
        }

        List<string> held = await TestEntries.AllAsync(store.Log);
        await store.DisposeAsync();

        Assert.That(held[^1], Is.EqualTo($"entry {next - 1} of term 1"));
        Assert.That(
            async () => await WalScript.ContentAsync(disk),
            isPlanted ? Throws.TypeOf<CorruptStoreException>().With.Message.Contains("group") : Is.EqualTo(held));
    }

    private static ValueTask AppendAsync(WalStore store, ulong index) =>
        store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(index, count: 1, term: 1, bytes: 300)));
}
