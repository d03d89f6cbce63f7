using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>Which snapshots stay, which go, and what they are called.</summary>
[TestFixture]
public sealed class SnapshotRetentionTests
{
    [Test]
    [Reference("H11", "d07")]
    public async Task Each_commit_deletes_all_but_the_newest([Values(1, 2, 3)] int retain)
    {
        var disk = new FaultDisk();
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk, new FileSnapshotOptions { Retain = retain });
        for (ulong index = 1; index <= 6; index++)
        {
            await WriteAsync(store, term: 2, index);

            string[] expected = [.. (await store.ListAsync()).Select(m => m.Id)];
            Assert.That(expected, Has.Length.EqualTo(Math.Min(retain, (int)index)));
            Assert.That(await SnapshotDirectory.NamesAsync(disk), Is.EquivalentTo(expected));
        }
    }

    [Test]
    public async Task A_snapshot_older_than_those_that_are_kept_is_committed_and_gone()
    {
        var disk = new FaultDisk();
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk);
        SnapshotMeta one = await WriteAsync(store, term: 3, index: 10);
        SnapshotMeta other = await WriteAsync(store, term: 3, index: 20);

        SnapshotMeta old = await WriteAsync(store, term: 2, index: 100);

        Assert.That(await store.ListAsync(), Is.EqualTo(new[] { other, one }));
        Assert.That(await SnapshotDirectory.NamesAsync(disk), Has.None.Contain(old.Id));
        Assert.That(async () => await store.OpenAsync(old.Id), Throws.TypeOf<StoreException>());
    }

    [Test]
    public async Task Of_one_point_the_later_name_is_newer_by_its_text_as_in_Go()
    {
        var disk = new FaultDisk();
        foreach (long milliseconds in new long[] { 999, 1000, 998 })
        {
            FileSnapshotStore store = await SnapshotDirectory.OpenAsync(
                disk, new FileSnapshotOptions { Retain = 3, TimeProvider = new StandingClock(milliseconds) });
            await WriteAsync(store, term: 2, index: 5);
        }

        FileSnapshotStore last = await SnapshotDirectory.OpenAsync(disk, new FileSnapshotOptions { Retain = 3 });

        Assert.That((await last.ListAsync()).Select(m => m.Id), Is.EqualTo(new[] { "2-5-999", "2-5-998", "2-5-1000" }));
    }

    [Test]
    public async Task Where_a_name_is_taken_the_milliseconds_are_counted_up()
    {
        var disk = new FaultDisk();
        var options = new FileSnapshotOptions { Retain = 9, TimeProvider = new StandingClock(50) };
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk, options);
        await using ISnapshotSink open = await store.CreateAsync(TestSnapshots.Point(2, 5));
        SnapshotMeta first = await WriteAsync(store, term: 2, index: 5);
        await open.CommitAsync();

        store = await SnapshotDirectory.OpenAsync(disk, options);
        SnapshotMeta second = await WriteAsync(store, term: 2, index: 5);
        SnapshotMeta elsewhere = await WriteAsync(store, term: 2, index: 6);

        Assert.That(
            new[] { open.Id, first.Id, second.Id, elsewhere.Id }, Is.EqualTo(new[] { "2-5-50", "2-5-51", "2-5-52", "2-6-50" }));
    }

    [Test]
    public async Task What_was_never_complete_is_removed_at_open_and_what_is_not_ours_is_left()
    {
        var disk = new FaultDisk();
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk);
        SnapshotMeta kept = await WriteAsync(store, term: 2, index: 5);
        await store.CreateAsync(TestSnapshots.Point(2, 6));
        await SnapshotDirectory.PutAsync(disk, "/data/snapshots/backup.tmp/file", [1]);
        await SnapshotDirectory.PutAsync(disk, "/data/snapshots/notes.txt", [1]);

        store = await SnapshotDirectory.OpenAsync(disk);

        Assert.That(await store.ListAsync(), Is.EqualTo(new[] { kept }));
        Assert.That(await SnapshotDirectory.NamesAsync(disk), Is.EqualTo(new[] { kept.Id, "backup.tmp" }));
        Assert.That(await disk.ListAsync("/data/snapshots"), Is.EqualTo(new[] { "notes.txt" }));
    }

    [Test]
    public async Task A_commit_holds_although_an_older_snapshot_cannot_be_deleted()
    {
        var disk = new FaultDisk();
        var log = new RecordingLoggerFactory(new VirtualClock());
        var options = new FileSnapshotOptions { Retain = 1, LoggerFactory = log };
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk, options);
        SnapshotMeta old = await WriteAsync(store, term: 2, index: 5);
        await using ISnapshotSink sink = await store.CreateAsync(TestSnapshots.Point(2, 6));

        // State, description, temporary directory, renaming, directory; then the older one's renaming fails.
        disk.FailFrom = disk.Changes + 7;
        SnapshotMeta committed = await sink.CommitAsync();
        disk.FailFrom = int.MaxValue;

        Assert.That(await store.ListAsync(), Is.EqualTo(new[] { committed }));
        Assert.That(log.Last(1), Does.Contain("Warning 3002").And.Contain(old.Id));
        Assert.That(await SnapshotDirectory.NamesAsync(disk), Is.EqualTo(new[] { old.Id, committed.Id }));
        SnapshotMeta next = await WriteAsync(store, term: 2, index: 7);
        Assert.That(await SnapshotDirectory.NamesAsync(disk), Is.EqualTo(new[] { next.Id }));
    }

    [TestCase(0, FileSnapshotOptions.DefaultBufferBytes)]
    [TestCase(1, FileSnapshotOptions.BufferBytesMin - 1)]
    [TestCase(1, FileSnapshotOptions.BufferBytesMax + 1)]
    public void Options_out_of_bounds_are_refused(int retain, int bufferBytes) => Assert.That(
        async () => await SnapshotDirectory.OpenAsync(
            new FaultDisk(), new FileSnapshotOptions { Retain = retain, BufferBytes = bufferBytes }),
        Throws.TypeOf<ArgumentOutOfRangeException>());

    [Test]
    public async Task The_state_is_synced_once_and_the_memory_does_not_grow_with_it()
    {
        var disk = new FaultDisk();
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(
            disk, new FileSnapshotOptions { BufferBytes = FileSnapshotOptions.BufferBytesMin });
        ISnapshotSink sink = await store.CreateAsync(TestSnapshots.Point(2, 6));
        int before = disk.Changes;

        await sink.WriteAsync(new byte[10 * FileSnapshotOptions.BufferBytesMin]);
        await sink.WriteAsync(new byte[1]);
        int written = disk.Changes - before;
        await sink.CommitAsync();

        Assert.That((written, disk.Changes - before), Is.EqualTo((10, 10 + 1 + 6)));
    }

    private static Task<SnapshotMeta> WriteAsync(FileSnapshotStore store, ulong term, ulong index) =>
        TestSnapshots.WriteAsync(store, TestSnapshots.Point(term, index), new byte[(int)index]);
}
