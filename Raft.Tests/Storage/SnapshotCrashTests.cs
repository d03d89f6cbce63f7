using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>The power goes, or a sync fails, at each single change to the disk while snapshots are taken and dropped.</summary>
[TestFixture]
public sealed class SnapshotCrashTests
{
    private const int Rounds = 3;

    private static readonly FileSnapshotOptions Options = new() { BufferBytes = FileSnapshotOptions.BufferBytesMin };

    [Test]
    [Reference("d07")]
    public async Task A_power_cut_at_any_change_leaves_each_snapshot_whole_or_not_at_all_and_none_that_was_committed_is_lost()
    {
        int changes = (await RunAsync(new FaultDisk())).Disk.Changes;
        Assert.That(changes, Is.GreaterThan(Rounds * 10));
        for (int change = 1; change <= changes; change++)
        {
            foreach (bool keepsUnsynced in new[] { false, true })
            {
                // However many of the names that were not synced came through.
                for (int names = 0, pending = 0; names <= pending; names++)
                {
                    Life life = await RunAsync(new FaultDisk { FailFrom = change, TornBytes = 700 });
                    pending = life.Disk.PendingNames;
                    string context = $"change {change}, {names} of {pending} names, {(keepsUnsynced ? "unsynced" : "synced")} bytes";

                    FaultDisk left = life.Disk.AfterPowerCut(keepsUnsynced, names);

                    await RequireSoundAsync(life, left, context);
                    await RequireLifeGoesOnAsync(left, context);
                }
            }
        }
    }

    [Test]
    public async Task A_second_power_cut_while_the_store_is_opened_changes_nothing()
    {
        int changes = (await RunAsync(new FaultDisk())).Disk.Changes;
        for (int change = 1; change <= changes; change++)
        {
            Life life = await RunAsync(new FaultDisk { FailFrom = change });
            FaultDisk first = life.Disk.AfterPowerCut(keepsUnsynced: true, keepsNames: true);
            FaultDisk opened = first.Clone();
            await SnapshotDirectory.OpenAsync(opened, Options);
            for (int second = 1; second <= opened.Changes; second++)
            {
                FaultDisk again = first.Clone();
                again.FailFrom = second;
                await FailAsync(async () => await SnapshotDirectory.OpenAsync(again, Options));

                await RequireSoundAsync(
                    life, again.AfterPowerCut(keepsUnsynced: false, keepsNames: second % 2 == 0), $"change {change}, then {second}");
            }
        }
    }

    [Test]
    public async Task A_sync_that_fails_anywhere_never_leaves_a_snapshot_that_lies()
    {
        int changes = (await RunAsync(new FaultDisk())).Disk.Changes;
        for (int change = 1; change <= changes; change++)
        {
            // The machine goes on: what the process read then stands in the page cache, and is lost with the power.
            Life life = await RunAsync(new FaultDisk { FailFrom = change, FailOnlySyncs = true });
            life.Disk.KillProcess();
            await RequireSoundAsync(life, life.Disk, $"sync at change {change}, after a kill");
            await RequireSoundAsync(
                life, life.Disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false), $"sync at change {change}, after a power cut");
        }
    }

    [Test]
    public async Task After_a_write_or_sync_that_failed_nothing_is_tried_again()
    {
        var disk = new FaultDisk();
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk, Options);
        await using ISnapshotSink torn = await store.CreateAsync(TestSnapshots.Point(1, 1));
        await using ISnapshotSink unsynced = await store.CreateAsync(TestSnapshots.Point(1, 2));
        disk.FailFrom = disk.Changes + 1;
        Assert.That(
            async () => await torn.WriteAsync(new byte[Options.BufferBytes]),
            Throws.TypeOf<StoreException>().With.Message.Contains("/data/snapshots/1-1-").And.InnerException.InstanceOf<IOException>());
        disk.FailOnlySyncs = true;
        Assert.That(async () => await unsynced.CommitAsync(), Throws.TypeOf<StoreException>());
        disk.FailFrom = int.MaxValue;
        int changes = disk.Changes;

        Assert.That(async () => await torn.WriteAsync(new byte[1]), Throws.TypeOf<StoreException>());
        Assert.That(async () => await torn.CommitAsync(), Throws.TypeOf<StoreException>());
        Assert.That(async () => await unsynced.CommitAsync(), Throws.TypeOf<StoreException>());

        Assert.That((disk.Changes, (await store.ListAsync()).Count), Is.EqualTo((changes, 0)));
    }

    [Test]
    public async Task After_a_sync_of_the_directory_that_failed_nothing_is_committed_until_the_store_is_opened_again()
    {
        var disk = new FaultDisk();
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk, Options);
        SnapshotMeta first = await TestSnapshots.WriteAsync(store, TestSnapshots.Point(1, 1), new byte[9]);
        await using ISnapshotSink other = await store.CreateAsync(TestSnapshots.Point(1, 3));
        ISnapshotSink failed = await store.CreateAsync(TestSnapshots.Point(1, 2));

        // State, description, temporary directory, renaming, and then the directory itself.
        disk.FailFrom = disk.Changes + 6;
        Assert.That(
            async () => await failed.CommitAsync(), Throws.TypeOf<StoreException>().With.Message.Contains("/data/snapshots"));
        disk.FailFrom = int.MaxValue;
        await failed.DisposeAsync();

        Assert.That(async () => await other.CommitAsync(), Throws.TypeOf<StoreException>());
        Assert.That(async () => await store.CreateAsync(TestSnapshots.Point(1, 4)), Throws.TypeOf<StoreException>());
        Assert.That(
            async () => await store.ListAsync(), Throws.TypeOf<StoreException>().With.Message.Contains("opened again"),
            "the one whose commit failed may be there");
        Assert.That(await TestSnapshots.ReadAsync(store, first.Id), Has.Length.EqualTo(9));
        store = await SnapshotDirectory.OpenAsync(disk, Options);
        Assert.That((await store.ListAsync()).Select(m => m.Index), Is.EqualTo(new[] { 2UL, 1UL }));
    }

    [Test]
    public async Task What_is_listed_after_an_open_survives_a_power_cut_though_it_was_copied_there_and_never_synced()
    {
        var disk = new FaultDisk();
        SnapshotMeta meta = await TestSnapshots.WriteAsync(
            await SnapshotDirectory.OpenAsync(disk, Options), TestSnapshots.Point(1, 1), Content(1));
        var target = new FaultDisk();
        foreach (string path in new[] { SnapshotDirectory.Meta(meta.Id), SnapshotDirectory.State(meta.Id) })
        {
            await target.CreateDirectoryAsync(Path.GetDirectoryName(path)!);
            IDiskFile copy = await target.OpenAsync(path, DiskOpenMode.New);
            await copy.WriteAtAsync(0, disk.Content(path));
        }

        await SnapshotDirectory.OpenAsync(target, Options);
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(
            target.AfterPowerCut(keepsUnsynced: false, keepsNames: false), Options);

        Assert.That(await TestSnapshots.ReadAsync(store, meta.Id), Is.EqualTo(Content(1)));
    }

    private static byte[] Content(ulong index) => TestSnapshots.Content(Options.BufferBytes + 2000, seed: (int)index);

    /// <summary>Takes snapshots, one of which is given up, until the disk fails.</summary>
    private static async Task<Life> RunAsync(FaultDisk disk)
    {
        var life = new Life(disk);
        await FailAsync(async () =>
        {
            FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk, Options);
            for (ulong index = 1; index <= Rounds; index++)
            {
                await using (ISnapshotSink givenUp = await store.CreateAsync(TestSnapshots.Point(2, index)))
                {
                    await givenUp.WriteAsync(new byte[10]);
                }

                life.Begun = index;
                await TestSnapshots.WriteAsync(store, TestSnapshots.Point(2, index), Content(index));
                life.Committed = index;
            }
        });
        return life;
    }

    private static async Task FailAsync(Func<Task> run)
    {
        try
        {
            await run();
        }
        catch (StoreException)
        {
            // What a crash at this place looks like from within.
        }
    }

    private static async Task RequireSoundAsync(Life life, FaultDisk left, string context)
    {
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(left, Options);
        IReadOnlyList<SnapshotMeta> listed = await store.ListAsync();
        ulong newest = listed.Count == 0 ? 0 : listed[0].Index;

        Assert.That(newest, Is.AnyOf(life.Committed, life.Begun), context);
        Assert.That(listed.Select(m => m.Index), Is.EqualTo(new[] { newest, newest - 1 }.Where(i => i is > 0 and <= Rounds)), context);
        foreach (SnapshotMeta meta in listed)
        {
            Assert.That(await TestSnapshots.ReadAsync(store, meta.Id), Is.EqualTo(Content(meta.Index)), context);
        }

        Assert.That(await SnapshotDirectory.NamesAsync(left), Has.None.EndsWith(".tmp"), context);
    }

    private static async Task RequireLifeGoesOnAsync(FaultDisk disk, string context)
    {
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk, Options);
        SnapshotMeta next = await TestSnapshots.WriteAsync(store, TestSnapshots.Point(3, 100), Content(100));
        Assert.That(
            await SnapshotDirectory.NamesAsync(disk), Is.EquivalentTo((await store.ListAsync()).Select(m => m.Id)),
            $"{context}: nothing half deleted is left");
        store = await SnapshotDirectory.OpenAsync(disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false), Options);

        Assert.That((await store.ListAsync())[0], Is.EqualTo(next), context);
        Assert.That(await TestSnapshots.ReadAsync(store, next.Id), Is.EqualTo(Content(100)), context);
    }

    /// <summary>What was done to a disk.</summary>
    private sealed class Life(FaultDisk disk)
    {
        public FaultDisk Disk => disk;

        /// <summary>The last snapshot that was committed.</summary>
        public ulong Committed { get; set; }

        /// <summary>The last one that was begun.</summary>
        public ulong Begun { get; set; }
    }
}
