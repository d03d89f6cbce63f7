using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>The power goes at each single change to the disk, and again while the store recovers.</summary>
[TestFixture]
public sealed class WalCrashTests
{
    private static readonly int[] TornAt = [0, 1, 64, 90, int.MaxValue];

    [Test]
    [Reference("b10")]
    public async Task A_power_cut_at_any_change_loses_nothing_that_was_acknowledged()
    {
        (FaultDisk whole, _) = await WalScript.RunAsync(WalScript.Steps.Count);
        for (int change = 1; change <= whole.Changes; change++)
        {
            foreach (int torn in TornAt)
            {
                (FaultDisk disk, WalScript script) = await RunUntilAsync(change, torn);
                foreach (FaultDisk left in Images(disk))
                {
                    string context = $"change {change} torn at {torn}";
                    List<string> content = await WalScript.ContentAsync(left);
                    RequireOldOrNew(content, script, context);
                    await WalScript.RequireLifeGoesOnAsync(left, content, context);
                }
            }
        }
    }

    [Test]
    public async Task A_second_power_cut_while_the_store_recovers_changes_nothing()
    {
        (FaultDisk whole, _) = await WalScript.RunAsync(WalScript.Steps.Count);
        for (int change = 1; change <= whole.Changes; change++)
        {
            (FaultDisk disk, WalScript script) = await RunUntilAsync(change, torn: 150);
            FaultDisk left = disk.AfterPowerCut(keepsUnsynced: true, keepsNames: true);
            FaultDisk recovered = left.Clone();
            List<string> content = await WalScript.ContentAsync(recovered);
            for (int second = 1; second <= recovered.Changes; second++)
            {
                foreach (int torn in new[] { 0, 64, int.MaxValue })
                {
                    FaultDisk again = left.Clone();
                    again.FailFrom = second;
                    again.TornBytes = torn;
                    await FailAsync(async () => await WalScript.OpenAsync(again));
                    string context = $"change {change}, then {second} torn at {torn}";
                    foreach (FaultDisk image in Images(again))
                    {
                        Assert.That(await WalScript.ContentAsync(image), Is.EqualTo(content), context);
                    }

                    await WalScript.RequireLifeGoesOnAsync(again.AfterPowerCut(keepsUnsynced: true, keepsNames: true), content, context);
                }
            }

            RequireOldOrNew(content, script, $"change {change}");
        }
    }

    [Test]
    public async Task What_is_read_at_open_survives_a_power_cut_although_the_sync_before_it_had_failed()
    {
        (FaultDisk disk, WalScript script) = await WalScript.RunAsync(steps: 3);
        disk.KillProcess();
        WalStore store = await WalScript.OpenAsync(disk);
        LogBatch unsynced = TestEntries.Batch(store.Log.LastIndex + 1, count: 2, term: 9);
        disk.FailFrom = disk.Changes + 1;
        disk.FailOnlySyncs = true;
        await FailAsync(async () => await store.Log.AppendAsync(TestEntries.Append(unsynced)));
        disk.KillProcess();

        // The kernel counts as clean what it could not write: the next sync succeeds and would make nothing durable.
        List<string> read = await WalScript.ContentAsync(disk);
        List<string> afterwards = await WalScript.ContentAsync(disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false));

        Assert.That(read, Has.Count.EqualTo(script.Held.Count + 2));
        Assert.That(afterwards, Is.EqualTo(read));
    }

    [Test]
    public async Task Entries_replaced_after_a_cut_tail_never_come_back_however_often_the_tail_is_torn_again()
    {
        (FaultDisk disk, WalScript script) = await WalScript.RunAsync(WalScript.Steps.Count);
        var expected = script.Held.ToList();
        for (ulong round = 1; round <= 40; round++)
        {
            disk.KillProcess();
            WalStore store = await WalScript.OpenAsync(disk);
            LogBatch batch = TestEntries.Batch(store.Log.LastIndex + 1, count: 6, term: 10 + round, bytes: 70);
            await store.Log.AppendAsync(TestEntries.Append(batch));
            int torn = 64 + ((int)round * 13 % 500);
            disk = disk.AfterPowerCut(keepsUnsynced: true, keepsNames: true);
            (int offset, int length) = LastGroup(disk, batch);
            disk.Content(disk.NewestSegment).AsSpan(offset + torn, length - torn).Clear();

            List<string> content = await WalScript.ContentAsync(disk);

            Assert.That(content, Is.EqualTo(expected.Concat(content.Skip(expected.Count))), $"round {round}");
            Assert.That(
                content.Skip(expected.Count), Is.All.EndsWith($"of term {10 + round}"), $"round {round}");
            Assert.That(content.Count - expected.Count, Is.LessThan(6), $"round {round}");
            expected = content;
        }
    }

    private static (int Offset, int Length) LastGroup(FaultDisk disk, LogBatch batch)
    {
        byte[] file = disk.Content(disk.NewestSegment);
        int size = 64 + Enumerable.Range(0, batch.Count).Sum(i => (8 + batch.EncodedAt(i).Length + 7) & -8);
        int end = (file.AsSpan().LastIndexOfAnyExcept((byte)0) + 8) & -8;
        return (end - size, size);
    }

    private static async Task<(FaultDisk Disk, WalScript Script)> RunUntilAsync(int change, int torn)
    {
        var disk = new FaultDisk { FailFrom = change, TornBytes = torn };
        var script = new WalScript();
        await FailAsync(async () =>
        {
            WalStore store = await WalScript.OpenAsync(disk);
            foreach (Func<WalScript, ILogStore, Task> step in WalScript.Steps)
            {
                await step(script, store.Log);
            }
        });
        return (disk, script);
    }

    // The disk fails for good, so that some call fails; where it was one that nobody waits for, the run ends instead.
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

    private static IEnumerable<FaultDisk> Images(FaultDisk disk)
    {
        yield return disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
        yield return disk.AfterPowerCut(keepsUnsynced: false, keepsNames: true);
        yield return disk.AfterPowerCut(keepsUnsynced: true, keepsNames: false);
        yield return disk.AfterPowerCut(keepsUnsynced: true, keepsNames: true);
    }

    private static void RequireOldOrNew(List<string> content, WalScript script, string context)
    {
        // An append that did not end may have left its first entries; a truncation is one record.
        bool isOld = content.SequenceEqual(script.Held);
        bool isPart = script.Wanted.Count >= script.Held.Count && content.Count >= script.Held.Count
            && content.SequenceEqual(script.Wanted.Take(content.Count));
        Assert.That(isOld || isPart || content.SequenceEqual(script.Wanted), Is.True, $"{context}: {string.Join(", ", content)}");
    }
}
