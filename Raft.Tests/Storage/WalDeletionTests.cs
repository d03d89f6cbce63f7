using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>Whether a directory holds a write-ahead log, and how one goes.</summary>
[TestFixture]
public sealed class WalDeletionTests
{
    [Test]
    public async Task A_store_is_there_from_its_first_file_to_its_last()
    {
        var disk = new FaultDisk();
        Assert.That(await WalStore.ExistsAsync("/nowhere", disk), Is.False);
        await disk.CreateDirectoryAsync(WalScript.Directory);
        Assert.That(await WalStore.ExistsAsync(WalScript.Directory, disk), Is.False);

        WalStore store = await WalScript.OpenAsync(disk);

        int changes = disk.Changes;
        Assert.That(await WalStore.ExistsAsync(WalScript.Directory, disk), Is.True);
        Assert.That(disk.Changes, Is.EqualTo(changes));
        await store.DisposeAsync();
        Assert.That(await WalStore.ExistsAsync(WalScript.Directory, disk), Is.True);
    }

    [Test]
    public async Task A_store_in_use_is_not_deleted()
    {
        var disk = new FaultDisk();
        await using WalStore store = await WalScript.OpenAsync(disk);

        Assert.That(async () => await WalStore.DeleteAsync(WalScript.Directory, disk), Throws.TypeOf<StoreLockedException>());
        Assert.That(await WalStore.ExistsAsync(WalScript.Directory, disk), Is.True);
    }

    [Test]
    public async Task A_deleted_store_stays_away_after_a_power_cut_and_other_files_stay()
    {
        FaultDisk disk = await StoredAsync();
        await SnapshotDirectory.PutAsync(disk, "/data/other", [1]);

        await WalStore.DeleteAsync(WalScript.Directory, disk);

        FaultDisk left = disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
        Assert.That(left.Paths, Is.EqualTo(new[] { "/data/other" }));
        Assert.That(await WalStore.ExistsAsync(WalScript.Directory, left), Is.False);
    }

    [Test]
    public async Task What_a_power_cut_leaves_of_a_deletion_is_the_whole_store_or_none_that_opens()
    {
        FaultDisk whole = await StoredAsync();
        List<string> content = await WalScript.ContentAsync(whole.Clone());
        int refused = 0;
        for (int change = 1; ; change++)
        {
            FaultDisk disk = whole.Clone();
            disk.FailFrom = change;
            try
            {
                await WalStore.DeleteAsync(WalScript.Directory, disk);
                break;
            }
            catch (StoreException)
            {
                // The power went here.
            }

            int pending = disk.PendingNames;
            for (int kept = 0; kept <= pending; kept++)
            {
                FaultDisk copy = await DeletedUntilAsync(whole, change);
                FaultDisk left = copy.AfterPowerCut(keepsUnsynced: false, namesKept: kept);
                if (!await WalStore.ExistsAsync(WalScript.Directory, left))
                {
                    continue;
                }

                try
                {
                    Assert.That(await WalScript.ContentAsync(left.Clone()), Is.EqualTo(content), $"change {change}, {kept} names");
                }
                catch (CorruptStoreException)
                {
                    refused++;
                }

                await WalStore.DeleteAsync(WalScript.Directory, left);
                Assert.That(await WalStore.ExistsAsync(WalScript.Directory, left), Is.False);
            }
        }

        Assert.That(refused, Is.GreaterThan(0));
    }

    private static async Task<FaultDisk> DeletedUntilAsync(FaultDisk whole, int change)
    {
        FaultDisk disk = whole.Clone();
        disk.FailFrom = change;
        Assert.That(async () => await WalStore.DeleteAsync(WalScript.Directory, disk), Throws.InstanceOf<StoreException>());
        return disk;
    }

    private static async Task<FaultDisk> StoredAsync()
    {
        var disk = new FaultDisk();
        WalStore store = await WalScript.OpenAsync(disk);
        await store.Stable.SaveAsync(new TermAndVote(3, "n1", "a:1"));
        await store.Stable.SetAsync("key"u8.ToArray(), "value"u8.ToArray());
        for (ulong next = 1; next <= 40; next += 10)
        {
            await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(next, count: 10, term: 3, bytes: 500)));
        }

        await store.DisposeAsync();
        return disk.Clone();
    }
}
