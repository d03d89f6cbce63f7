using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>The repair at open fails too, and what the page cache then shows is not what the disk holds.</summary>
[TestFixture]
public sealed class WalFailedRepairTests
{
    [Test]
    public async Task After_any_failed_sync_of_a_repair_a_torn_group_is_still_cut_and_never_taken_for_damage(
        [Range(1, 14)] int failing, [Values] bool losesHeader)
    {
        FaultDisk disk = await TornAsync(losesHeader);
        disk.FailOnlySyncs = true;
        disk.FailFrom = failing;
        await OpenUnlessItFailsAsync(disk);
        disk.KillProcess();

        // The same machine: the page cache counts as written what the failed sync did not write.
        WalStore store = await OpenAsync(disk);
        ulong cut = store.Log.LastIndex + 1;
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(cut, 1, 2)));
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(cut + 1, 1, 2, bytes: 30)));

        // The power goes during the second append: its header came through, its record did not.
        (_, long offset, int length) = disk.LastWrite;
        string path = disk.NewestSegment;
        disk = disk.AfterPowerCut(keepsUnsynced: false, keepsNames: true);
        disk.Content(path).AsSpan((int)offset + length - 16, 16).Clear();
        store = await OpenAsync(disk.Clone());

        List<string> content = await TestEntries.AllAsync(store.Log);
        Assert.That(store.Log.LastIndex, Is.EqualTo(cut));
        Assert.That(content[^1], Is.EqualTo($"entry {cut} of term 2"));
    }

    /// <summary>The power went during the second append, and one of its first sectors did not make it.</summary>
    private static async Task<FaultDisk> TornAsync(bool losesHeader)
    {
        var disk = new FaultDisk();
        WalStore store = await OpenAsync(disk);
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(1, 3, 1)));
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(4, 20, 1, bytes: 60)));
        (_, long offset, _) = disk.LastWrite;
        disk = disk.AfterPowerCut(keepsUnsynced: true, keepsNames: true);
        int from = losesHeader ? (int)offset : ((int)offset & -512) + 512;
        disk.Content(disk.NewestSegment).AsSpan(from, 512 - (from % 512)).Clear();
        return disk.Clone();
    }

    private static async Task OpenUnlessItFailsAsync(FaultDisk disk)
    {
        try
        {
            await OpenAsync(disk);
        }
        catch (StoreException)
        {
            // The process is started again.
        }
    }

    private static ValueTask<WalStore> OpenAsync(FaultDisk disk) => WalStore.OpenAsync(
        WalScript.Directory, disk, new WalOptions { SegmentBytes = 65536, NextSalt = new Salts(seed: 7).Next });
}
