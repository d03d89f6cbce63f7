using Raft.Fsm.Sample.Conversion;
using Raft.Fsm.Sample.Stores;
using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Import;

/// <summary>What an import takes over, and what it refuses and leaves as it is.</summary>
[TestFixture]
public sealed class GoImportTests
{
    [Reference("e02")]
    [TestCaseSource(typeof(GoldenNode), nameof(GoldenNode.All))]
    public async Task Everything_is_taken_over_in_place(GoldenNode node)
    {
        FaultDisk disk = await ImportDisk.FilledAsync(node);
        Assert.That(await ImportDisk.IsStartableAsync(disk, ImportDisk.Directory), Is.False, "a Go node's data is there");

        string said = await ImportDisk.ImportAsync(disk);

        string newest = node.Snapshots.Order(StringComparer.Ordinal).Last();
        Assert.That(said, Is.EqualTo(
            $"took over entries 98..228, term 3, voted for n1@{node.Address}, newest snapshot {newest}, configuration "
            + $"[n1@{node.Address}, n2@127.0.0.1:1 (Nonvoter)] of entry 1; the wal store is in /data, and raft.db is raft.db.imported now"));
        Assert.That(await ImportDisk.IsStartableAsync(disk, ImportDisk.Directory), Is.True);
        await ImportDisk.RequireTakenOverAsync(node, disk, ImportDisk.Directory, ConversionDisk.Wal, "in place");
        Assert.That(disk.Peek("/data/raft.db.imported").SequenceEqual(node.Database), Is.True);
        Assert.That(disk.Peek("/data/raft.db").SequenceEqual(GoStub.Text.Span), Is.True);
        Assert.That(ImportDisk.Unfinished(disk), Is.Empty);
        Assert.That(await ImportDisk.ImportAsync(disk), Does.StartWith("nothing to do: it was imported before"));
    }

    [TestCaseSource(typeof(GoldenNode), nameof(GoldenNode.All))]
    public async Task Everything_is_taken_over_into_another_directory(GoldenNode node)
    {
        FaultDisk disk = await ImportDisk.FilledAsync(node);

        string said = await ImportDisk.ImportAsync(disk, ImportDisk.Other);

        Assert.That(said, Does.EndWith("the wal store is in /other with 2 snapshots, and raft.db is raft.db.imported now"));
        FaultDisk left = disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
        await ImportDisk.RequireTakenOverAsync(
            node, left, ImportDisk.Other, ImportDisk.WalIn(ImportDisk.Other), "another directory");
        Assert.That(left.Peek("/data/raft.db").SequenceEqual(GoStub.Text.Span), Is.True);
        Assert.That(ImportDisk.Unfinished(left), Is.Empty);
        Assert.That(left.Paths.Count(p => p.StartsWith("/data/snapshots/", StringComparison.Ordinal)), Is.EqualTo(4), "they stay");
        Assert.That(await ImportDisk.ImportAsync(disk, ImportDisk.Other), Does.StartWith("nothing to do: it was imported before"));
        Assert.That(
            async () => await DataDirectory.RequireNoOtherAsync("/data", "wal", ImportDisk.Kinds, disk),
            Throws.TypeOf<StoreException>().With.Message.Contains("start it with --data /other"));
        Assert.That(
            async () => await ImportDisk.ImportAsync(disk, "/third"),
            Throws.TypeOf<StoreException>().With.Message.Contains("/data was imported before, into the wal store in /other, and /third is not that"));
    }

    [Test]
    public async Task Everything_is_taken_over_into_LiteDB()
    {
        LiteDbRequired.OrSkip();
        GoldenNode node = GoldenNode.All[0];
        FaultDisk disk = await ImportDisk.FilledAsync(node);

        await ImportDisk.ImportAsync(disk, ImportDisk.Directory, ConversionDisk.LiteDb);

        await ImportDisk.RequireTakenOverAsync(node, disk, ImportDisk.Directory, ConversionDisk.LiteDb, "LiteDB");
    }

    [TestCase(ImportDisk.Directory, "a wal store")]
    [TestCase(ImportDisk.Other, "a wal store")]
    public async Task A_directory_with_a_store_is_refused_and_nothing_is_changed(string directory, string held)
    {
        FaultDisk disk = await ImportDisk.FilledAsync(GoldenNode.All[0]);
        await using (await ImportDisk.WalIn(directory).OpenAsync(directory, disk))
        {
            // Made, and nothing else.
        }

        RequireRefused(disk.Clone(), directory, held);
    }

    [TestCase("/other/raft.db")]
    [TestCase("/other/snapshots/1-1-1/meta.json")]
    public async Task Another_directory_with_data_of_a_node_is_refused_and_nothing_is_changed(string file)
    {
        FaultDisk disk = await ImportDisk.FilledAsync(GoldenNode.All[0]);
        await SnapshotDirectory.PutAsync(disk, file, [1]);

        RequireRefused(disk.Clone(), ImportDisk.Other, "a node's data");
    }

    [Test]
    public async Task A_damaged_file_is_refused_with_its_page_and_nothing_is_changed()
    {
        FaultDisk disk = await ImportDisk.FilledAsync(GoldenNode.All[0]);
        disk.Content("/data/raft.db")[(5 * 4096) + 10] ^= 1;

        RequireRefused(disk.Clone(), ImportDisk.Directory, "/data/raft.db, page 5: ");
    }

    [Test]
    public async Task A_damaged_newest_snapshot_is_refused_and_an_older_one_is_left_out()
    {
        GoldenNode node = GoldenNode.All[0];
        string[] snapshots = [.. node.Snapshots.Order(StringComparer.Ordinal)];
        FaultDisk disk = await ImportDisk.FilledAsync(node);
        disk.Content($"/data/snapshots/{snapshots[1]}/state.bin")[100] ^= 1;
        RequireRefused(disk.Clone(), ImportDisk.Directory, $"its newest snapshot, {snapshots[1]}, is damaged");

        disk = await ImportDisk.FilledAsync(node);
        disk.Content($"/data/snapshots/{snapshots[0]}/state.bin")[100] ^= 1;
        Assert.That(
            await ImportDisk.ImportAsync(disk, ImportDisk.Other),
            Does.Contain($"; not whole: {snapshots[0]};").And.Contain("with 1 snapshots"));
        Assert.That(await disk.ListDirectoriesAsync("/other/snapshots"), Is.EqualTo(new[] { snapshots[1] }));
    }

    [Test]
    public async Task A_log_that_no_snapshot_leads_to_is_refused_and_nothing_is_changed()
    {
        var disk = new FaultDisk();
        await SnapshotDirectory.PutAsync(disk, "/data/raft.db", GoldenNode.All[0].Database);

        RequireRefused(disk.Clone(), ImportDisk.Directory, "it begins at entry 98, and there is no snapshot");
    }

    [Test]
    public async Task What_a_Go_node_left_unfinished_among_its_snapshots_goes_only_once_the_import_has_begun()
    {
        FaultDisk disk = await ImportDisk.FilledAsync(GoldenNode.All[0]);
        await SnapshotDirectory.PutAsync(disk, "/data/snapshots/3-200-5.tmp/state.bin", [1]);
        FaultDisk damaged = disk.Clone();
        damaged.Content("/data/raft.db")[(5 * 4096) + 10] ^= 1;

        RequireRefused(damaged.Clone(), ImportDisk.Directory, "page 5");
        Assert.That(await ImportDisk.ImportAsync(disk), Does.Contain("; not whole: 3-200-5.tmp;"));
        Assert.That(await disk.ListDirectoriesAsync("/data/snapshots"), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task An_interrupted_import_is_finished_by_an_import_alone_and_no_node_starts_meanwhile()
    {
        FaultDisk disk = await ImportDisk.FilledAsync(GoldenNode.All[0]);
        await new ConversionMarker("go", "wal", ConversionPhase.Copy) { Source = "/data" }.WriteAsync("/other", disk);

        Assert.That(
            async () => await DataDirectory.RequireNoOtherAsync("/other", "wal", ImportDisk.Kinds, disk),
            Throws.TypeOf<StoreException>().With.Message.Contains("raftkv import --from-go /data --data /other --to wal"));
        Assert.That(
            async () => await new StoreConversion(
                ConversionDisk.Wal, ConversionDisk.Second, "/other", disk, new ConversionProgress(TextWriter.Null)).RunAsync(),
            Throws.TypeOf<StoreException>().With.Message.Contains("raftkv import --from-go /data --data /other --to wal"));
        await ImportDisk.ImportAsync(disk, "/other");
        Assert.That(await ImportDisk.IsStartableAsync(disk, "/other"), Is.True);
    }

    [Test]
    public async Task A_Go_node_that_was_started_again_after_the_import_is_noticed()
    {
        FaultDisk disk = await ImportDisk.FilledAsync(GoldenNode.All[0]);
        await ImportDisk.ImportAsync(disk);
        await SnapshotDirectory.PutAsync(disk, "/data/raft.db", GoldenNode.All[0].Database);

        Assert.That(
            async () => await DataDirectory.RequireNoOtherAsync("/data", "wal", ImportDisk.Kinds, disk),
            Throws.TypeOf<StoreException>().With.Message.Contains("raft.db"));
        Assert.That(async () => await ImportDisk.ImportAsync(disk), Throws.TypeOf<StoreException>());
    }

    [Test]
    public async Task A_copy_that_differs_never_counts()
    {
        FaultDisk disk = await ImportDisk.FilledAsync(GoldenNode.All[0]);
        StoreKind forgetful = ConversionDisk.Second with
        {
            // Whatever is written is gone when the store is opened again.
            OpenAsync = static (_, _) => new(new OpenStore(new InMemoryLogStore(), new InMemoryStableStore(), new WeakOwner())),
        };

        Assert.That(
            async () => await ImportDisk.ImportAsync(disk, ImportDisk.Directory, forgetful),
            Throws.TypeOf<StoreException>().With.Message.Contains("the copy is not what was copied")
                .And.Message.Contains("raft.db is as it was"));
        Assert.That(disk.Peek("/data/raft.db").SequenceEqual(GoldenNode.All[0].Database), Is.True);
        Assert.That(await ImportDisk.IsStartableAsync(disk, ImportDisk.Directory), Is.False);
    }

    private static void RequireRefused(FaultDisk disk, string directory, string why)
    {
        FaultDisk before = disk.Clone();

        Assert.That(
            async () => await ImportDisk.ImportAsync(disk, directory),
            Throws.InstanceOf<StoreException>().With.Message.Contains(why));
        Assert.That(disk.HoldsTheSameAs(before), Is.True, "nothing is changed");
    }

    private sealed class WeakOwner : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
