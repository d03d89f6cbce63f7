using Raft.Stores.LiteDb;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>Whether a directory holds a store on LiteDB, and how one goes; LiteDB itself is not needed for that.</summary>
[TestFixture]
public sealed class LiteDbDirectoryTests
{
    [Test]
    public async Task A_store_that_was_made_completely_is_told_from_one_that_was_not()
    {
        var disk = new FaultDisk();
        Assert.That(await LiteDbStore.ExistsAsync("/nowhere", disk), Is.False);
        await SnapshotDirectory.PutAsync(disk, "/data/litedb.tmp/raft.db", [1]);
        Assert.That(await LiteDbStore.ExistsAsync("/data", disk), Is.False);

        await SnapshotDirectory.PutAsync(disk, "/data/litedb/raft.db", [1]);

        int changes = disk.Changes;
        Assert.That(await LiteDbStore.ExistsAsync("/data", disk), Is.True);
        Assert.That(disk.Changes, Is.EqualTo(changes));
    }

    [Test]
    public async Task What_a_power_cut_leaves_of_a_deletion_is_the_whole_store_or_none()
    {
        for (int change = 1; ; change++)
        {
            FaultDisk disk = await StoredAsync();
            disk.FailFrom = disk.Changes + change;
            bool isDone = await DeletesAsync(disk);
            foreach (bool keepsNames in new[] { false, true })
            {
                FaultDisk left = disk.AfterPowerCut(keepsUnsynced: false, keepsNames);
                bool exists = await LiteDbStore.ExistsAsync("/data", left);
                Assert.That(exists && isDone, Is.False, "a deletion that ended is durable");
                Assert.That(left.Paths.Count(path => path.StartsWith("/data/litedb/", StringComparison.Ordinal)), Is.EqualTo(exists ? 2 : 0));
                await LiteDbStore.DeleteAsync("/data", left);
                Assert.That(left.Paths, Is.EqualTo(new[] { "/data/other" }));
            }

            if (isDone)
            {
                return;
            }
        }
    }

    private static async Task<FaultDisk> StoredAsync()
    {
        var disk = new FaultDisk();
        await SnapshotDirectory.PutAsync(disk, "/data/other", [1]);
        await SnapshotDirectory.PutAsync(disk, "/data/litedb.tmp/raft.db", [1]);
        await SnapshotDirectory.PutAsync(disk, "/data/litedb/raft.db", [1]);
        await SnapshotDirectory.PutAsync(disk, "/data/litedb/raft-log.db", [1]);
        return disk;
    }

    private static async Task<bool> DeletesAsync(FaultDisk disk)
    {
        try
        {
            await LiteDbStore.DeleteAsync("/data", disk);
            return true;
        }
        catch (StoreException)
        {
            return false;
        }
    }
}
