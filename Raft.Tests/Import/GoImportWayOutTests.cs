using System.Text;
using Raft.Fsm.Sample.Conversion;
using Raft.Fsm.Sample.Stores;
using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Import;

/// <summary>Where an import may not begin, and how one that cannot be finished is given up.</summary>
[TestFixture]
public sealed class GoImportWayOutTests
{
    [TestCase(false)]
    [TestCase(true)]
    public async Task An_interrupted_import_to_one_store_is_given_up_by_one_to_another(bool isWhole)
    {
        ConversionPhase phase = isWhole ? ConversionPhase.Retire : ConversionPhase.Copy;
        FaultDisk disk = await ImportDisk.FilledAsync(GoldenNode.All[0]);
        await new ConversionMarker("go", "wal", phase) { Source = ImportDisk.Directory }.WriteAsync(ImportDisk.Directory, disk);
        await using (OpenStore part = await StoreKind.Wal.OpenAsync(ImportDisk.Directory, disk))
        {
            await part.Stable.SaveAsync(new TermAndVote(3));
        }

        await ImportDisk.ImportAsync(disk, ImportDisk.Directory, ConversionDisk.Second);

        Assert.That(await StoreKind.Wal.ExistsAsync(ImportDisk.Directory, disk), Is.False);
        await ImportDisk.RequireTakenOverAsync(GoldenNode.All[0], disk, ImportDisk.Directory, ConversionDisk.Second, "the other store");
        Assert.That(ImportDisk.Unfinished(disk), Is.Empty);
    }

    [Test]
    public async Task What_was_begun_in_another_directory_does_not_count_any_more_once_a_new_one_is_named()
    {
        FaultDisk filled = await ImportDisk.FilledAsync(GoldenNode.All[0]);
        FaultDisk whole = filled.Clone();
        await ImportDisk.ImportAsync(whole, ImportDisk.Other);
        int givenUpWhole = 0;
        for (int change = 1; change <= whole.Changes; change++)
        {
            FaultDisk disk = filled.Clone();
            disk.FailFrom = change;
            Assert.That(async () => await ImportDisk.ImportAsync(disk, ImportDisk.Other), Throws.Exception);
            FaultDisk left = disk.AfterPowerCut(keepsUnsynced: true, keepsNames: true);
            bool wasWhole = await ConversionMarker.ReadAsync(ImportDisk.Other, left) is { Phase: ConversionPhase.Retire };
            if (!await IsImportedAsync(left, "/third"))
            {
                Assert.That(wasWhole || change == whole.Changes, Is.True, $"change {change}");
                continue;
            }

            Assert.That(await IsImportedAsync(left, ImportDisk.Other), Is.False, $"change {change}");
            Assert.That(await ImportDisk.IsStartableAsync(left, ImportDisk.Other), Is.False, $"change {change}");
            Assert.That(await ImportDisk.IsStartableAsync(left, "/third"), Is.True, $"change {change}");
            givenUpWhole += wasWhole ? 1 : 0;
        }

        Assert.That(givenUpWhole, Is.GreaterThan(0));
    }

    [Test]
    public async Task A_partial_target_of_another_Go_node_that_was_whole_is_not_given_up()
    {
        FaultDisk disk = await ImportDisk.FilledAsync(GoldenNode.All[0]);
        await new ConversionMarker("go", "wal", ConversionPhase.Retire) { Source = "/elsewhere" }.WriteAsync(ImportDisk.Other, disk);

        Assert.That(
            async () => await ImportDisk.ImportAsync(disk, ImportDisk.Other),
            Throws.TypeOf<StoreException>().With.Message.Contains("raftkv import --from-go /elsewhere --data /other --to wal"));
    }

    [Test]
    public async Task A_directory_that_was_moved_is_finished_in_place()
    {
        var disk = new FaultDisk();
        await GoldenNode.All[0].PutAsync(disk, ImportDisk.Directory);
        const string Marker = """{"from":"go","to":"wal","phase":"Copy","source":"."}""";
        await SnapshotDirectory.PutAsync(disk, "/data/convert.json", Encoding.UTF8.GetBytes(Marker));

        await ImportDisk.ImportAsync(disk);

        Assert.That(await ImportDisk.IsStartableAsync(disk, ImportDisk.Directory), Is.True);
    }

    [Test]
    public async Task A_directory_among_the_Go_nodes_snapshots_is_refused_and_nothing_is_changed() =>
        await RequireRefusedAsync("/data/snapshots/new", file: null, "lies among the Go node's snapshots");

    [TestCase("/data/peers.json", "peers.json")]
    [TestCase("/data/wal-meta.db", "wal-meta.db")]
    [TestCase("/data/wal/00000000000000000001.wal", "wal")]
    public async Task A_Go_node_that_may_have_its_log_elsewhere_is_refused_and_nothing_is_changed(string file, string named) =>
        await RequireRefusedAsync(ImportDisk.Other, file, $"/data holds {named}, so that raft.db may not be what the Go node used last");

    private static async Task<bool> IsImportedAsync(FaultDisk disk, string directory)
    {
        try
        {
            await ImportDisk.ImportAsync(disk, directory);
            return true;
        }
        catch (StoreException)
        {
            return false;
        }
    }

    private static async Task RequireRefusedAsync(string directory, string? file, string why)
    {
        FaultDisk disk = await ImportDisk.FilledAsync(GoldenNode.All[0]);
        if (file is not null)
        {
            await SnapshotDirectory.PutAsync(disk, file, [1]);
        }

        disk = disk.Clone();
        FaultDisk before = disk.Clone();
        Assert.That(
            async () => await ImportDisk.ImportAsync(disk, directory), Throws.InstanceOf<StoreException>().With.Message.Contains(why));
        Assert.That(disk.HoldsTheSameAs(before), Is.True, "nothing is changed");
    }
}
