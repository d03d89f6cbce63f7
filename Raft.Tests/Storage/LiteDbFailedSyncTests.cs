using Raft.Stores.Wal;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>
/// After a sync has failed nothing is written any more, and what the page cache pretends to have is not built upon: neither
/// at the next open, nor by one that a power cut ends.
/// </summary>
[TestFixture]
public sealed class LiteDbFailedSyncTests
{
    private const int SectorBytes = 4096;

    // In a checkpoint of one page: that page and its sum are written, and both synced.
    private const int SyncsAndWritesBeforeTheRecord = 4;

    [Test]
    public async Task A_failed_sync_fails_its_transaction_and_all_later_ones_with_its_cause()
    {
        var disk = new FaultDisk();
        LiteDbPager pager = await LiteDbPager.OpenAsync(disk, new Salts(seed: 1).Next);
        pager.Commit([1], version: 2);
        disk.FailFrom = disk.Changes + 1;
        disk.FailOnlySyncs = true;

        StoreException first = Assert.Throws<StoreException>(() => pager.Commit([2], version: 3))!;
        disk.KillProcess();
        int changes = disk.Changes;
        StoreException second = Assert.Throws<StoreException>(() => pager.Append(2, version: 4, isLast: true))!;
        StoreException third = Assert.Throws<StoreException>(pager.Files!.Data.Flush)!;

        Assert.That(first.Message, Does.Contain(LiteDbPager.Frames));
        Assert.That(second.InnerException, Is.SameAs(first.InnerException));
        Assert.That(third.InnerException, Is.SameAs(first.InnerException));
        Assert.That(disk.Changes, Is.EqualTo(changes));
        Assert.That(pager.Read(1, "still readable"), Is.EqualTo(2));
    }

    [Test]
    public async Task What_is_read_after_a_failed_sync_survives_a_power_cut()
    {
        int kept = 0;
        for (int sync = 1; ; sync++)
        {
            FailedRun run = await FailedRun.StartAsync(sync);
            if (!run.HasFailed)
            {
                break;
            }

            // The process dies, the machine does not: the cache shows what the disk never got.
            LiteDbPager pager = await OpenAsync(run.Disk, run.Salts);
            SortedDictionary<uint, uint> read = pager.ReadAll($"sync {sync}");
            FaultDisk left = run.Disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
            SortedDictionary<uint, uint> afterwards = (await OpenAsync(left, run.Salts)).ReadAll($"sync {sync}");

            run.RequireOldOrNew(read, $"sync {sync}");
            Assert.That(afterwards, Is.EqualTo(read), $"sync {sync}");
            kept += run.IsNew(read) ? 1 : 0;
        }

        Assert.That(kept, Is.GreaterThan(5), "transactions whose sync failed are there after a kill");
    }

    [Test]
    public async Task A_power_cut_while_a_database_recovers_from_a_failed_sync_leaves_each_transaction_whole_or_not_there()
    {
        int cuts = 0;
        for (int sync = 1; ; sync += 2)
        {
            if (!(await FailedRun.StartAsync(sync)).HasFailed)
            {
                break;
            }

            bool wasCut = true;
            for (int change = 1; wasCut; change++)
            {
                FailedRun run = await FailedRun.StartAsync(sync);
                var random = new Random((sync * 1000) + change);
                run.Disk.FailFrom = run.Disk.Changes + change;
                run.Disk.TornBytes = change % 2 == 0 ? int.MaxValue : random.Next(20_000);
                wasCut = !await TryOpenAsync(run);
                string context = $"sync {sync}, then change {change}";
                FaultDisk left = run.Disk.AfterPowerCut(random, SectorBytes, (SectorLoss)random.Next(5));

                run.RequireOldOrNew((await OpenAsync(left, run.Salts)).ReadAll(context), context);
                cuts++;
            }
        }

        Assert.That(cuts, Is.GreaterThan(500));
    }

    [Test]
    public async Task The_record_of_a_generation_whose_sync_failed_is_made_durable_twice_before_the_next_record_is_written(
        [Values(0, 4096)] int lostCopy)
    {
        var disk = new FaultDisk();
        var salts = new Salts(seed: 1);
        LiteDbPager pager = await OpenAsync(disk, salts);
        pager.Commit([1], version: 2);
        pager.Commit([2], version: 3);
        pager.Checkpoint();
        pager.Commit([1], version: 4);
        disk.FailFrom = disk.Changes + SyncsAndWritesBeforeTheRecord + 2;
        disk.FailOnlySyncs = true;
        Assert.That(pager.Checkpoint, Throws.TypeOf<StoreException>());
        (_, long failedRecord, _) = disk.LastWrite;
        disk.KillProcess();
        SortedDictionary<uint, uint> held = (await OpenAsync(disk, salts)).ReadAll("the next record is whole");
        FaultDisk left = disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);

        // The disk died in the middle of the last write, and took both copies with it; and one of the record before has rotted.
        (_, long lastRecord, int length) = disk.LastWrite;
        left.Content(LiteDbPager.Frames).AsSpan((int)lastRecord, length).Fill(0xee);
        left.Content(LiteDbPager.Frames).AsSpan((int)failedRecord + lostCopy, SectorBytes).Fill(0xee);

        Assert.That(lastRecord, Is.EqualTo(failedRecord ^ length));
        Assert.That((await OpenAsync(left, salts)).ReadAll("the next record is lost"), Is.EqualTo(held));
    }

    private static async Task<bool> TryOpenAsync(FailedRun run)
    {
        try
        {
            await OpenAsync(run.Disk, run.Salts);
            return true;
        }
        catch (Exception failure) when (failure is (StoreException or IOException) and not CorruptStoreException)
        {
            return false;
        }
    }

    private static Task<LiteDbPager> OpenAsync(FaultDisk disk, Salts salts) => LiteDbPager.OpenAsync(disk, salts.Next);

    /// <summary>Some transactions and checkpoints, up to a sync that fails.</summary>
    private sealed class FailedRun
    {
        private static readonly uint[][] Transactions = [[1, 3, 0], [2], [1, 2, 4, 0], [3, 4], [5, 1, 0], [2, 3, 5], [1]];

        private SortedDictionary<uint, uint> _old = LiteDbPager.Fresh;
        private SortedDictionary<uint, uint> _new = LiteDbPager.Fresh;

        public FaultDisk Disk { get; } = new();

        public Salts Salts { get; } = new(seed: 1);

        public bool HasFailed { get; private set; }

        public static async Task<FailedRun> StartAsync(int failingSync)
        {
            var run = new FailedRun();
            run.Disk.FailFrom = failingSync;
            run.Disk.FailOnlySyncs = true;
            try
            {
                await run.WriteAsync();
            }
            catch (Exception failure) when (failure is StoreException or IOException)
            {
                run.HasFailed = true;
            }

            run.Disk.KillProcess();
            run.Disk.FailOnlySyncs = false;
            return run;
        }

        public bool IsNew(SortedDictionary<uint, uint> held) => !_new.SequenceEqual(_old) && held.SequenceEqual(_new);

        public void RequireOldOrNew(SortedDictionary<uint, uint> held, string context) =>
            Assert.That(held, Is.EqualTo(_old).Or.EqualTo(_new), context);

        private async Task WriteAsync()
        {
            LiteDbPager pager = await LiteDbPager.OpenAsync(Disk, Salts.Next, new WriteFuse());
            for (int i = 0; i < Transactions.Length; i++)
            {
                _new = new SortedDictionary<uint, uint>(_old);
                foreach (uint id in Transactions[i])
                {
                    _new[id] = (uint)i + 2;
                }

                pager.Commit(Transactions[i], (uint)i + 2);
                _old = _new;
                if (i % 3 == 2)
                {
                    pager.Checkpoint();
                }
            }
        }
    }
}
