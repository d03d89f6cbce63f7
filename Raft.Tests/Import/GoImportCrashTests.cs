using Raft.Fsm.Sample.Stores;
using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Import;

/// <summary>The power goes at each single change that an import makes, and again while it is finished.</summary>
[TestFixture]
public sealed class GoImportCrashTests
{
    private const int PageBytes = 4096;

    private static readonly int[] TornAt = [0, 100];

    [TestCase(ImportDisk.Directory)]
    [TestCase(ImportDisk.Other)]
    public async Task A_power_cut_at_any_change_leaves_the_Go_nodes_data_or_a_whole_store(string directory)
    {
        GoldenNode node = GoldenNode.All[0];
        FaultDisk filled = await ImportDisk.FilledAsync(node);
        (int refused, int startable) = (0, 0);
        int changes = await ChangesAsync(filled, directory);
        for (int change = 1; change <= changes; change++)
        {
            foreach (int torn in TornAt)
            {
                FaultDisk disk = await CutAsync(filled, directory, change, torn);
                foreach (FaultDisk left in Images(disk))
                {
                    bool isStartable = await RequireWholeOrRefusedAsync(
                        node, left, directory, $"{directory}, change {change} torn at {torn}");
                    startable += isStartable ? 1 : 0;
                    refused += isStartable ? 0 : 1;
                }
            }
        }

        Assert.That(refused, Is.GreaterThan(0), "the power went while the import was under way");
        Assert.That(startable, Is.GreaterThan(0), "it also went when the import was over");
    }

    [TestCase(ImportDisk.Directory)]
    [TestCase(ImportDisk.Other)]
    public async Task A_second_power_cut_while_it_is_finished_changes_nothing(string directory)
    {
        GoldenNode node = GoldenNode.All[1];
        FaultDisk filled = await ImportDisk.FilledAsync(node);
        int changes = await ChangesAsync(filled, directory);
        for (int change = 1; change <= changes; change += 5)
        {
            FaultDisk disk = await CutAsync(filled, directory, change, torn: 0);
            FaultDisk left = disk.AfterPowerCut(keepsUnsynced: true, keepsNames: true);
            int more = await ChangesAsync(left, directory);
            for (int second = 1; second <= more; second += 5)
            {
                FaultDisk again = await CutAsync(left, directory, second, torn: 100);
                foreach (FaultDisk image in Images(again))
                {
                    await RequireWholeOrRefusedAsync(node, image, directory, $"{directory}, change {change}, then {second}");
                }
            }
        }
    }

    [Test]
    public async Task A_power_cut_on_the_way_to_LiteDB_leaves_the_Go_nodes_data_or_a_whole_store()
    {
        LiteDbRequired.OrSkip();
        GoldenNode node = GoldenNode.All[0];
        FaultDisk filled = await ImportDisk.FilledAsync(node);
        int changes = await ChangesAsync(filled, ImportDisk.Directory, ConversionDisk.LiteDb);
        for (int change = 1; change <= changes; change += 2)
        {
            FaultDisk disk = await CutAsync(filled, ImportDisk.Directory, change, torn: 100, ConversionDisk.LiteDb);
            foreach (FaultDisk left in Images(disk))
            {
                await ImportDisk.ImportAsync(left, ImportDisk.Directory, ConversionDisk.LiteDb);
                await ImportDisk.RequireTakenOverAsync(node, left, ImportDisk.Directory, ConversionDisk.LiteDb, $"change {change}");
            }
        }
    }

    /// <summary>Where a node may start it finds everything; where the Go node may, its file is as it was; and it can be finished.</summary>
    /// <returns>Whether a node may start.</returns>
    private static async Task<bool> RequireWholeOrRefusedAsync(GoldenNode node, FaultDisk disk, string directory, string context)
    {
        StoreKind kind = ImportDisk.WalIn(directory);
        bool isStartable = await ImportDisk.IsStartableAsync(disk, directory);
        if (isStartable)
        {
            await ImportDisk.RequireTakenOverAsync(node, disk.Clone(), directory, kind, context);
            Assert.That(IsStub(disk), Is.True, context);
        }
        else if (disk.Paths.Contains("/data/raft.db"))
        {
            RequireWholeForGoOrKept(node, disk, context);
        }

        await ImportDisk.ImportAsync(disk, directory);
        FaultDisk left = disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
        Assert.That(await ImportDisk.IsStartableAsync(left, directory), Is.True, context);
        await ImportDisk.RequireTakenOverAsync(node, left, directory, kind, context);
        Assert.That(IsStub(left), Is.True, context);
        Assert.That(left.Peek("/data/raft.db.imported").SequenceEqual(node.Database), Is.True, context);
        Assert.That(ImportDisk.Unfinished(left), Is.Empty, context);
        return isStartable;
    }

    private static bool IsStub(FaultDisk disk) => disk.Peek("/data/raft.db").SequenceEqual(GoStub.Text.Span);

    /// <summary>A Go node that starts finds all that it had, or nothing that it would start on; then what it had is kept.</summary>
    private static void RequireWholeForGoOrKept(GoldenNode node, FaultDisk disk, string context)
    {
        byte[] was = node.Database;
        byte[] now = disk.Peek("/data/raft.db").ToArray();
        int newer = BitConverter.ToUInt64(was, 64) > BitConverter.ToUInt64(was, PageBytes + 64) ? 0 : PageBytes;
        int older = PageBytes - newer;
        if (now.Length == was.Length && Magic(now, newer).SequenceEqual(Magic(was, newer)))
        {
            Magic(was, older).CopyTo(Magic(now, older));
            Assert.That(now.AsSpan().SequenceEqual(was), Is.True, context);
        }
        else
        {
            Assert.That(IsStub(disk) || !Magic(now, older).SequenceEqual(Magic(was, older)), Is.True, context);
            Assert.That(disk.Peek("/data/raft.db.imported").SequenceEqual(was), Is.True, context);
        }
    }

    private static Span<byte> Magic(byte[] file, int page) => file.AsSpan(page + 16, 4);

    private static async Task<int> ChangesAsync(FaultDisk disk, string directory, StoreKind? to = null)
    {
        FaultDisk whole = disk.Clone();
        await ImportDisk.ImportAsync(whole, directory, to ?? ImportDisk.WalIn(directory));
        return whole.Changes;
    }

    /// <summary>Imports until the power goes.</summary>
    private static async Task<FaultDisk> CutAsync(FaultDisk start, string directory, int change, int torn, StoreKind? to = null)
    {
        FaultDisk disk = start.Clone();
        disk.FailFrom = change;
        disk.TornBytes = torn;
        try
        {
            await ImportDisk.ImportAsync(disk, directory, to ?? ImportDisk.WalIn(directory));
        }
        catch (Exception cut) when (cut is StoreException or IOException)
        {
            // What a crash at this place looks like from within; where nobody waited for the change, it ends instead.
        }

        return disk;
    }

    private static IEnumerable<FaultDisk> Images(FaultDisk disk)
    {
        yield return disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
        yield return disk.AfterPowerCut(keepsUnsynced: false, keepsNames: true);
        yield return disk.AfterPowerCut(keepsUnsynced: true, keepsNames: false);
        yield return disk.AfterPowerCut(keepsUnsynced: true, keepsNames: true);
    }
}
