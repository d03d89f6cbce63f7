using Raft.Fsm.Sample.Conversion;
using Raft.Fsm.Sample.Stores;
using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary>What a conversion moves, and which directories it and a node refuse.</summary>
[TestFixture]
public sealed class StoreConversionTests
{
    private static readonly StoreKind[] Kinds = [ConversionDisk.Wal, ConversionDisk.Second];

    [Test]
    public async Task Everything_is_moved_and_back_again()
    {
        FaultDisk disk = await ConversionDisk.FilledAsync(ConversionDisk.Wal);
        List<string> content = await ConversionDisk.ContentAsync(ConversionDisk.Wal, disk.Clone());

        string there = await ConversionDisk.ConvertAsync(ConversionDisk.Wal, ConversionDisk.Second, disk);

        Assert.That(there, Is.EqualTo("moved entries 1..11, term 7 from wal to second"));
        Assert.That(await ConversionDisk.ContentAsync(ConversionDisk.Second, disk), Is.EqualTo(content));
        await ConversionDisk.ConvertAsync(ConversionDisk.Second, ConversionDisk.Wal, disk);
        Assert.That(await ConversionDisk.ContentAsync(ConversionDisk.Wal, disk), Is.EqualTo(content));
        Assert.That(disk.Paths, Has.None.Contains("second/log-").And.None.Contains("convert"));
    }

    [Test]
    public async Task A_store_without_anything_is_moved_too_and_a_second_run_has_nothing_to_do()
    {
        var disk = new FaultDisk();
        await using (await ConversionDisk.Wal.OpenAsync(ConversionDisk.Directory, disk))
        {
            // Made, and nothing else.
        }

        string first = await ConversionDisk.ConvertAsync(ConversionDisk.Wal, ConversionDisk.Second, disk);
        string second = await ConversionDisk.ConvertAsync(ConversionDisk.Wal, ConversionDisk.Second, disk);

        Assert.That(first, Is.EqualTo("moved no entries, no term from wal to second"));
        Assert.That(second, Is.EqualTo("nothing to do: it holds a second store already, and no wal store"));
    }

    [Test]
    public async Task A_log_that_begins_behind_a_snapshot_is_moved_and_the_snapshot_stays()
    {
        var disk = new FaultDisk();
        await using (OpenStore store = await ConversionDisk.Wal.OpenAsync(ConversionDisk.Directory, disk))
        {
            await store.Stable.SaveAsync(new TermAndVote(3));
            await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 21, count: 3, term: 3), commitIndex: 20));
        }

        FileSnapshotStore snapshots = await SnapshotDirectory.OpenAsync(disk);
        await using (ISnapshotSink sink = await snapshots.CreateAsync(TestSnapshots.Point(index: 20, term: 3)))
        {
            await sink.CommitAsync();
        }

        IReadOnlyList<SnapshotMeta> before = await snapshots.ListAsync();

        await ConversionDisk.ConvertAsync(ConversionDisk.Wal, ConversionDisk.Second, disk);

        FileSnapshotStore after = await SnapshotDirectory.OpenAsync(disk);
        Assert.That((await after.ListAsync()).Select(s => s.Id), Is.EqualTo(before.Select(s => s.Id)).And.Not.Empty);
        await using OpenStore moved = await ConversionDisk.Second.OpenAsync(ConversionDisk.Directory, disk);
        Assert.That((moved.Log.FirstIndex, moved.Log.LastIndex), Is.EqualTo((21, 23)));
        Assert.That(((ICommitHint)moved.Log).KnownCommitIndex, Is.EqualTo(20));
    }

    [Test]
    public async Task What_no_node_could_start_from_is_refused_and_left_as_it_is()
    {
        var disk = new FaultDisk();
        await using (OpenStore store = await ConversionDisk.Wal.OpenAsync(ConversionDisk.Directory, disk))
        {
            // What it was told to be committed is gone: a copy could not tell that any more.
            await store.Stable.SaveAsync(new TermAndVote(3));
            await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 1, count: 9, term: 3)));
            await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 10, count: 1, term: 3), commitIndex: 9));
            await store.Log.TruncateSuffixAsync(fromIndex: 5);
        }

        Assert.That(
            async () => await ConversionDisk.ConvertAsync(ConversionDisk.Wal, ConversionDisk.Second, disk),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains("up to 9 to be committed"));
        await DataDirectory.RequireNoOtherAsync(ConversionDisk.Directory, "wal", Kinds, disk);
        Assert.That(await ConversionDisk.Second.ExistsAsync(ConversionDisk.Directory, disk), Is.False);
    }

    [Test]
    public async Task A_store_that_a_node_uses_is_not_converted()
    {
        FaultDisk disk = await ConversionDisk.FilledAsync(ConversionDisk.Wal);
        using IDisposable node = await DataDirectory.ClaimAsync(ConversionDisk.Directory, disk);

        Assert.That(
            async () => await ConversionDisk.ConvertAsync(ConversionDisk.Wal, ConversionDisk.Second, disk),
            Throws.TypeOf<StoreLockedException>());
    }

    [Test]
    public async Task A_copy_that_differs_never_takes_the_place_of_what_it_was_made_from()
    {
        FaultDisk disk = await ConversionDisk.FilledAsync(ConversionDisk.Wal);
        List<string> content = await ConversionDisk.ContentAsync(ConversionDisk.Wal, disk.Clone());
        StoreKind forgetful = ConversionDisk.Second with
        {
            // Whatever is written is gone when the store is opened again.
            OpenAsync = static (_, _) => new(new OpenStore(
                new InMemoryLogStore(), new InMemoryStableStore(), new WeakOwner())),
        };

        Assert.That(
            async () => await ConversionDisk.ConvertAsync(ConversionDisk.Wal, forgetful, disk),
            Throws.TypeOf<StoreException>().With.Message.Contains("the copy is not what was copied")
                .And.Message.Contains("raftkv convert --from second --to wal /data"));
        Assert.That(async () => await RequireAsync("wal", disk), Throws.TypeOf<StoreException>());
        Assert.That(
            await ConversionDisk.ConvertAsync(forgetful, ConversionDisk.Wal, disk),
            Is.EqualTo("gave the conversion to second up; the wal store is as it was"));
        await RequireAsync("wal", disk);
        Assert.That(await ConversionDisk.ContentAsync(ConversionDisk.Wal, disk), Is.EqualTo(content));
    }

    [Test]
    public async Task A_node_is_refused_the_store_that_its_directory_does_not_hold()
    {
        FaultDisk disk = await ConversionDisk.FilledAsync(ConversionDisk.Wal);

        await RequireAsync("wal", disk);
        Assert.That(
            async () => await RequireAsync("second", disk),
            Throws.TypeOf<StoreException>().With.Message.Contains("--store wal")
                .And.Message.Contains("raftkv convert --from wal --to second /data"));
        Assert.That(
            async () => await RequireAsync("memory", disk),
            Throws.TypeOf<StoreException>().With.Message.Contains("--store wal").And.Message.Contains("another --data"));
        await RequireAsync("second", new FaultDisk());
    }

    [Test]
    public async Task A_directory_with_both_stores_is_refused_to_both_and_to_a_conversion()
    {
        FaultDisk disk = await ConversionDisk.FilledAsync(ConversionDisk.Wal);
        await using (await ConversionDisk.Second.OpenAsync(ConversionDisk.Directory, disk))
        {
            // As somebody may have copied it there.
        }

        foreach (string store in new[] { "wal", "second", "memory" })
        {
            Assert.That(
                async () => await RequireAsync(store, disk),
                Throws.TypeOf<StoreException>().With.Message.Contains("wal and second"));
        }

        Assert.That(
            async () => await ConversionDisk.ConvertAsync(ConversionDisk.Wal, ConversionDisk.Second, disk),
            Throws.TypeOf<StoreException>().With.Message.Contains("wal and second"));
    }

    [Test]
    public async Task An_interrupted_conversion_is_finished_in_its_own_direction_once_the_copy_counts()
    {
        FaultDisk disk = await ConversionDisk.FilledAsync(ConversionDisk.Wal);
        await new ConversionMarker("wal", "second", ConversionPhase.Retire).WriteAsync(ConversionDisk.Directory, disk);

        Assert.That(
            async () => await ConversionDisk.ConvertAsync(ConversionDisk.Second, ConversionDisk.Wal, disk),
            Throws.TypeOf<StoreException>().With.Message.Contains("raftkv convert --from wal --to second /data"));
    }

    [Test]
    public async Task What_was_copied_by_half_is_never_taken_for_all_there_is()
    {
        FaultDisk disk = await ConversionDisk.FilledAsync(ConversionDisk.Second);
        await new ConversionMarker("wal", "second", ConversionPhase.Copy).WriteAsync(ConversionDisk.Directory, disk);

        Assert.That(
            async () => await ConversionDisk.ConvertAsync(ConversionDisk.Wal, ConversionDisk.Second, disk),
            Throws.TypeOf<StoreException>().With.Message.Contains("the wal store is gone"));
        Assert.That(
            async () => await ConversionDisk.ConvertAsync(ConversionDisk.Second, ConversionDisk.Wal, disk),
            Throws.TypeOf<StoreException>().With.Message.Contains("raftkv convert --from wal --to second /data"));
        Assert.That(await ConversionDisk.Wal.ExistsAsync(ConversionDisk.Directory, disk), Is.False);
        Assert.That(await ConversionDisk.Second.ExistsAsync(ConversionDisk.Directory, disk), Is.True);
    }

    [Test]
    public async Task A_marker_that_cannot_be_read_stops_a_node_and_a_conversion()
    {
        FaultDisk disk = await ConversionDisk.FilledAsync(ConversionDisk.Wal);
        await SnapshotDirectory.PutAsync(disk, "/data/convert.json", "{\"from\":\"wal\"}"u8.ToArray());

        Assert.That(async () => await RequireAsync("wal", disk), Throws.TypeOf<StoreException>().With.Message.Contains("convert.json"));
        Assert.That(
            async () => await ConversionDisk.ConvertAsync(ConversionDisk.Wal, ConversionDisk.Second, disk),
            Throws.TypeOf<StoreException>().With.Message.Contains("convert.json"));
    }

    private static ValueTask RequireAsync(string store, FaultDisk disk) =>
        DataDirectory.RequireNoOtherAsync(ConversionDisk.Directory, store, Kinds, disk);

    private sealed class WeakOwner : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
