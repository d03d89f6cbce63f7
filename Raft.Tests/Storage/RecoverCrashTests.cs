using System.Text;
using Raft.Mutations;
using Raft.Storage;
using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>The power goes at each single change to the disk while a server is recovered, and while that is finished.</summary>
[TestFixture]
public sealed class RecoverCrashTests
{
    private const ulong SnapshotAt = 4;
    private const ulong Last = 12;
    private const ulong Term = 3;

    private static readonly RaftConfig Config = new() { LocalId = "n1" };

    private static readonly ClusterConfiguration Old = new(new Server("n1", "addr1"), new Server("n2", "addr2"));

    private static readonly ClusterConfiguration Grown =
        new(new Server("n1", "addr1"), new Server("n2", "addr2"), new Server("n3", "addr3", ServerSuffrage.Nonvoter));

    private static readonly ClusterConfiguration New = new(new Server("n1", "addr1"), new Server("n9", "addr9"));

    [Test]
    public async Task A_power_cut_at_any_change_leaves_the_server_as_it_was_or_recovered_and_it_can_be_done_again()
    {
        FaultDisk before = await MakeAsync();
        FaultDisk whole = before.Clone();
        await RecoverAsync(whole);
        int recovered = 0;
        for (int change = 1; change <= whole.Changes; change++)
        {
            foreach ((FaultDisk left, string context, bool hasReturned) in await CutAsync(before, change))
            {
                recovered += await RequireOldOrNewAsync(left, context, hasReturned) ? 1 : 0;
            }
        }

        Assert.That(recovered, Is.GreaterThan(5), "some cuts come after the snapshot and before the end");
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_second_power_cut_while_a_start_or_another_recovery_finishes_it_leaves_it_recovered(bool recoversAgain)
    {
        Func<FaultDisk, Task> finish = recoversAgain ? RecoverAsync : StartAsync;
        FaultDisk before = await MakeAsync();
        FaultDisk whole = before.Clone();
        await RecoverAsync(whole);
        int finished = 0;
        for (int change = 1; change <= whole.Changes; change++)
        {
            FaultDisk cut = before.Clone();
            cut.FailFrom = change;
            await FailAsync(() => RecoverAsync(cut));
            FaultDisk left = cut.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
            FaultDisk started = left.Clone();
            if (!await StartAsync(left.Clone()))
            {
                continue;
            }

            await finish(started);
            for (int second = 1; second <= started.Changes; second++)
            {
                FaultDisk again = left.Clone();
                again.FailFrom = second;
                await FailAsync(() => finish(again));
                FaultDisk image = again.AfterPowerCut(keepsUnsynced: second % 2 == 0, keepsNames: false);
                Assert.That(await StartAsync(image), $"change {change}, then {second}");
                finished++;
            }
        }

        Assert.That(finished, Is.GreaterThan(5));
    }

    [Test]
    public async Task What_is_written_after_an_interrupted_recovery_was_finished_stays()
    {
        FaultDisk before = await MakeAsync();
        FaultDisk whole = before.Clone();
        await RecoverAsync(whole);
        int seen = 0;
        for (int change = 1; change <= whole.Changes; change++)
        {
            FaultDisk cut = before.Clone();
            cut.FailFrom = change;
            await FailAsync(() => RecoverAsync(cut));
            FaultDisk left = cut.AfterPowerCut(keepsUnsynced: true, keepsNames: true);
            if (!await StartAsync(left))
            {
                continue;
            }

            await using (WalStore store = await WalScript.OpenAsync(left))
            {
                await store.Log.AppendAsync(new LogAppend([LoneFollower.Entries(Last + 1, Term, Term)], Term, CommitIndex: Last));
            }

            await StartAsync(left);
            await using WalStore opened = await WalScript.OpenAsync(left);
            Assert.That((opened.Log.FirstIndex, opened.Log.LastIndex), Is.EqualTo((Last + 1, Last + 2)), $"change {change}");
            seen++;
        }

        Assert.That(seen, Is.GreaterThan(2));
    }

    /// <summary>A server with a snapshot and a log around it, in which the members change behind the snapshot.</summary>
    private static async Task<FaultDisk> MakeAsync()
    {
        var disk = new FaultDisk();
        await using WalStore store = await WalScript.OpenAsync(disk);
        await store.Stable.SaveAsync(new TermAndVote(Term));
        await store.Log.AppendAsync(new LogAppend([Members(1, 1, Old), LoneFollower.Entries(2, 1, 1, 2, 2)], Term, CommitIndex: 0));
        await store.Log.AppendAsync(new LogAppend([Members(6, 2, Grown), LoneFollower.Entries(7, 2, 2, 3, 3, 3, 3)], Term, CommitIndex: 5));
        FileSnapshotStore snapshots = await SnapshotDirectory.OpenAsync(disk);
        await TestSnapshots.WriteAsync(
            snapshots, new SnapshotPoint(SnapshotAt, 2, Old, 1), Encoding.UTF8.GetBytes("2\t1\t2/1\n3\t1\t3/1\n4\t2\t4/2\n"));
        return disk;
    }

    private static LogSlice Members(ulong index, ulong term, ClusterConfiguration configuration) => new(LogBatchBuilder.Single(
        index, term, LogType.Configuration, ConfigurationEncoding.Encode(configuration), LogTimestamp.Zero));

    private static async Task<List<(FaultDisk Left, string Context, bool HasReturned)>> CutAsync(FaultDisk before, int change)
    {
        var images = new List<(FaultDisk, string, bool)>();
        foreach (bool keepsUnsynced in new[] { false, true })
        {
            // However many of the names that were not synced came through.
            for (int names = 0, pending = 0; names <= pending; names++)
            {
                FaultDisk disk = before.Clone();
                disk.FailFrom = change;
                disk.TornBytes = 100;
                bool hasReturned = await FailAsync(() => RecoverAsync(disk));
                pending = disk.PendingNames;
                images.Add((
                    disk.AfterPowerCut(keepsUnsynced, names),
                    $"change {change}, {names} of {pending} names, {(keepsUnsynced ? "unsynced" : "synced")} bytes", hasReturned));
            }
        }

        return images;
    }

    /// <returns>Whether it is recovered.</returns>
    private static async Task<bool> RequireOldOrNewAsync(FaultDisk left, string context, bool mustBeRecovered)
    {
        FaultDisk again = left.Clone();
        bool isRecovered = await StartAsync(left);
        Assert.That(isRecovered || !mustBeRecovered, context);

        RecoveryReport report = await RecoverAsync(again);
        Assert.That((report.LastIndex, report.LastTerm), Is.EqualTo((Last, Term)), context);
        Assert.That(await StartAsync(again), $"{context}, and again");
        return isRecovered;
    }

    private static async Task<RecoveryReport> RecoverAsync(FaultDisk disk)
    {
        await using WalStore store = await WalScript.OpenAsync(disk);
        return await RaftNode.RecoverClusterAsync(
            Config, new CountingFsm(), store.Log, store.Stable, await SnapshotDirectory.OpenAsync(disk), New, acceptsUncommitted: true);
    }

    /// <summary>Does what a start does, and holds what it finds to one of the two states that there may be.</summary>
    /// <returns>Whether the server is recovered.</returns>
    private static async Task<bool> StartAsync(FaultDisk disk)
    {
        await using WalStore store = await WalScript.OpenAsync(disk);
        FileSnapshotStore snapshots = await SnapshotDirectory.OpenAsync(disk);
        SnapshotMeta newest = (await snapshots.ListAsync())[0];
        IndexedConfiguration read = await RaftNode.ReadConfigurationAsync(store.Log, store.Stable, snapshots);
        RecoveredLog found = await RecoveredLog.ReadAsync(store.Log, store.Stable, newest, [newest], held: default, Mutation.None);
        await found.FinishAsync(store.Log, store.Stable);

        Assert.That(await RecoveryMark.LoadAsync(store.Stable), Is.Empty);
        Assert.That(await store.Stable.LoadAsync(), Is.EqualTo(new TermAndVote(Term)));
        Assert.That(read, Is.EqualTo(found.Configuration));
        if (newest.Index == SnapshotAt)
        {
            Assert.That(read, Is.EqualTo(new IndexedConfiguration(Grown, 6)));
            Assert.That((store.Log.FirstIndex, store.Log.LastIndex), Is.EqualTo((1ul, Last)));
            return false;
        }

        Assert.That(newest.Point, Is.EqualTo(new SnapshotPoint(Last, Term, New, 1)));
        Assert.That(read, Is.EqualTo(new IndexedConfiguration(New, 1)));
        Assert.That(store.Log.FirstIndex, Is.EqualTo(store.Log.LastIndex == 0 ? 0 : Last + 1), "its old entries are gone");
        Assert.That(
            Encoding.UTF8.GetString(await TestSnapshots.ReadAsync(snapshots, newest.Id)).Split('\n').Select(l => l.Split('\t')[^1]),
            Is.EqualTo(new[] { "2/1", "3/1", "4/2", "5/2", "7/2", "8/2", "9/3", "10/3", "11/3", "12/3", "" }));
        return true;
    }

    /// <returns>Whether it came to its end.</returns>
    private static async Task<bool> FailAsync(Func<Task> run)
    {
        try
        {
            await run();
            return true;
        }
        catch (RaftException)
        {
            // What a crash at this place looks like from within.
            return false;
        }
    }
}
