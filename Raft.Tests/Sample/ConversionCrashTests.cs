using Raft.Fsm.Sample.Conversion;
using Raft.Fsm.Sample.Stores;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary>The power goes at each single change that a conversion makes, and again while it is finished.</summary>
[TestFixture]
public sealed class ConversionCrashTests
{
    private static readonly int[] TornAt = [0, 100, int.MaxValue];

    [Test]
    public Task A_power_cut_at_any_change_leaves_one_whole_store_or_a_node_that_is_refused() =>
        CutEverywhereAsync(ConversionDisk.Wal, ConversionDisk.Second, TornAt);

    [Test]
    public async Task A_power_cut_at_any_change_on_the_way_to_LiteDB_leaves_one_whole_store_or_a_node_that_is_refused()
    {
        LiteDbRequired.OrSkip();
        await CutEverywhereAsync(ConversionDisk.Wal, ConversionDisk.LiteDb, tornAt: 100);
    }

    [Test]
    public async Task A_power_cut_at_any_change_on_the_way_from_LiteDB_leaves_one_whole_store_or_a_node_that_is_refused()
    {
        LiteDbRequired.OrSkip();
        await CutEverywhereAsync(ConversionDisk.LiteDb, ConversionDisk.Wal, tornAt: 100);
    }

    [Test]
    public Task A_second_power_cut_while_it_is_finished_changes_nothing() =>
        CutTwiceAsync(ConversionDisk.Wal, ConversionDisk.Second, everyNth: 3);

    [Test]
    public async Task A_second_power_cut_while_a_conversion_to_LiteDB_is_finished_changes_nothing()
    {
        LiteDbRequired.OrSkip();
        await CutTwiceAsync(ConversionDisk.Wal, ConversionDisk.LiteDb, everyNth: 13);
    }

    private static async Task CutEverywhereAsync(StoreKind from, StoreKind to, params int[] tornAt)
    {
        FaultDisk filled = await ConversionDisk.FilledAsync(from);
        List<string> content = await ConversionDisk.ContentAsync(from, filled.Clone());
        int changes = await ChangesAsync(from, to, filled);
        int given = 0;
        int refused = 0;
        for (int change = 1; change <= changes; change++)
        {
            foreach (int torn in tornAt)
            {
                FaultDisk disk = await CutAsync(from, to, filled, change, torn);
                foreach (FaultDisk left in Images(disk))
                {
                    string context = $"{from.Name} to {to.Name}, change {change} torn at {torn}";
                    refused += await RequireOneOrRefusedAsync(from, to, left.Clone(), content, context) ? 0 : 1;
                    given += await RequireGivenUpAsync(from, to, left.Clone(), content, context) ? 1 : 0;
                    await RequireFinishedAsync(from, to, left, content, context);
                }
            }
        }

        Assert.That(refused, Is.GreaterThan(0), "the power went while the conversion was under way");
        Assert.That(given, Is.GreaterThan(0), "some were given up");
    }

    private static async Task CutTwiceAsync(StoreKind from, StoreKind to, int everyNth)
    {
        FaultDisk filled = await ConversionDisk.FilledAsync(from);
        List<string> content = await ConversionDisk.ContentAsync(from, filled.Clone());
        int changes = await ChangesAsync(from, to, filled);
        for (int change = 1; change <= changes; change += everyNth)
        {
            FaultDisk disk = await CutAsync(from, to, filled, change, torn: 0);
            FaultDisk left = disk.AfterPowerCut(keepsUnsynced: true, keepsNames: true);
            int more = await ChangesAsync(from, to, left);
            for (int second = 1; second <= more; second += everyNth)
            {
                FaultDisk again = await CutAsync(from, to, left, second, torn: 100);
                string context = $"{from.Name} to {to.Name}, change {change}, then {second}";
                foreach (FaultDisk image in Images(again))
                {
                    await RequireOneOrRefusedAsync(from, to, image.Clone(), content, context);
                    await RequireFinishedAsync(from, to, image, content, context);
                }
            }
        }
    }

    /// <summary>Where a node may start, it finds everything; and there is one store at most where it may.</summary>
    /// <returns>Whether it may start.</returns>
    private static async Task<bool> RequireOneOrRefusedAsync(
        StoreKind from, StoreKind to, FaultDisk disk, List<string> content, string context)
    {
        int startable = 0;
        foreach (StoreKind kind in new[] { from, to })
        {
            FaultDisk copy = disk.Clone();
            try
            {
                await DataDirectory.RequireNoOtherAsync(ConversionDisk.Directory, kind.Name, [from, to], copy);
            }
            catch (StoreException refused)
            {
                Assert.That(refused.Message, Does.Contain("raftkv convert --from"), context);
                continue;
            }

            startable++;
            Assert.That(await ConversionDisk.ContentAsync(kind, copy), Is.EqualTo(content), $"{context}: {kind.Name}");
        }

        Assert.That(startable, Is.LessThanOrEqualTo(1), context);
        return startable == 1;
    }

    private static async Task RequireFinishedAsync(
        StoreKind from, StoreKind to, FaultDisk disk, List<string> content, string context)
    {
        await ConversionDisk.ConvertAsync(from, to, disk);
        FaultDisk left = disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
        await DataDirectory.RequireNoOtherAsync(ConversionDisk.Directory, to.Name, [from, to], left);
        Assert.That(await to.ExistsAsync(ConversionDisk.Directory, left), Is.True, context);
        Assert.That(await from.ExistsAsync(ConversionDisk.Directory, left), Is.False, context);
        Assert.That(await ConversionDisk.ContentAsync(to, left), Is.EqualTo(content), context);
    }

    private static async Task<bool> RequireGivenUpAsync(
        StoreKind from, StoreKind to, FaultDisk disk, List<string> content, string context)
    {
        ConversionMarker? marker = await ConversionMarker.ReadAsync(ConversionDisk.Directory, disk);
        if (!StoreConversion.GivesUp(marker, to.Name, from.Name))
        {
            return false;
        }

        await ConversionDisk.ConvertAsync(to, from, disk);
        FaultDisk left = disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
        await DataDirectory.RequireNoOtherAsync(ConversionDisk.Directory, from.Name, [from, to], left);
        Assert.That(await to.ExistsAsync(ConversionDisk.Directory, left), Is.False, context);
        Assert.That(await ConversionDisk.ContentAsync(from, left), Is.EqualTo(content), context);
        return true;
    }

    private static async Task<int> ChangesAsync(StoreKind from, StoreKind to, FaultDisk disk)
    {
        FaultDisk whole = disk.Clone();
        await ConversionDisk.ConvertAsync(from, to, whole);
        return whole.Changes;
    }

    /// <summary>Converts until the power goes.</summary>
    private static async Task<FaultDisk> CutAsync(StoreKind from, StoreKind to, FaultDisk start, int change, int torn)
    {
        FaultDisk disk = start.Clone();
        disk.FailFrom = change;
        disk.TornBytes = torn;
        try
        {
            await ConversionDisk.ConvertAsync(from, to, disk);
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
