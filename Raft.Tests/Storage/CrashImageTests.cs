using System.Globalization;
using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>
/// Images of what a power cut leaves of lives drawn from seeds, at any write, sync and renaming, torn at any 512 bytes, with what was
/// not synced kept, lost and reordered. <c>RAFT_CRASH_IMAGES=1000000</c> is the long run.
/// </summary>
[TestFixture]
public sealed class CrashImageTests
{
    private const int ImagesInAShortRun = 4_000;
    private const int ImagesOfALife = 10;
    private const int LaterSalts = -1;
    private const int Sector = 512;
    private const int SectorsTornMax = 8;

    private static int Images => int.TryParse(
        Environment.GetEnvironmentVariable("RAFT_CRASH_IMAGES"), CultureInfo.InvariantCulture, out int images) ? images : ImagesInAShortRun;

    [Test]
    public async Task Every_image_opens_with_all_that_was_acknowledged_and_no_lower_term_or_vote()
    {
        await RunAsync(Images, WalMutation.None);
    }

    [Test]
    public void A_bug_planted_in_the_store_is_found(
        [Values(nameof(WalMutation.NoSyncAtOpen), nameof(WalMutation.TruncationByOverwriting), nameof(WalMutation.TornRecord))] string mutation) =>
        Assert.That(
            async () => await RunAsync(ImagesInAShortRun, Enum.Parse<WalMutation>(mutation)), Throws.InstanceOf<LostException>());

    private static Task RunAsync(int images, WalMutation mutation) => Parallel.ForEachAsync(
        Enumerable.Range(1, (images + ImagesOfALife - 1) / ImagesOfALife), async (seed, _) =>
        {
            int changes = (await StoreLife.LiveAsync(seed, mutation: mutation)).Disk.Changes;
            for (int image = 0; image < ImagesOfALife; image++)
            {
                var random = new Random((seed * ImagesOfALife) + image);
                var loss = (SectorLoss)(image % Enum.GetValues<SectorLoss>().Length);
                StoreLife life = await StoreLife.LiveAsync(
                    seed, random.Next(1, changes + 1), random.Next(SectorsTornMax) * Sector, mutation);
                string context = $"life {seed}, image {image}: change {life.Disk.FailFrom}, {loss}";
                bool isKill = image == 0;
                FaultDisk left = isKill ? life.Disk : life.Disk.AfterPowerCut(random, Sector, loss);
                left.KillProcess();
                await RequireKeptAsync(life, left, mutation, context);

                // What was read has been synced, or written anew: a second cut takes nothing of it.
                await RequireKeptAsync(life, left.AfterPowerCut(random, Sector, SectorLoss.All), mutation, $"{context}, and a second cut");
            }
        });

    private static async Task RequireKeptAsync(StoreLife life, FaultDisk left, WalMutation mutation, string context)
    {
        List<string> content = [];
        try
        {
            (WalStore wal, FileSnapshotStore snapshots) = await StoreLife.OpenAsync(left, LaterSalts, mutation);
            content = await TestEntries.AllAsync(wal.Log);
            RequireLog(life, content, context);
            TermAndVote? record = await wal.Stable.LoadAsync();
            Require(record == life.Record.Saved || record == life.Record.Wanted, $"{context}: {record}, saved was {life.Record.Saved}");
            int value = await StoreLife.ValueAsync(wal);
            Require(value == life.Value.Set || value == life.Value.Wanted, $"{context}: value {value}, set was {life.Value.Set}");
            ulong known = ((ICommitHint)wal.Log).KnownCommitIndex;
            Require(known == life.Commit.Noted || known == life.Commit.Wanted, $"{context}: commit index {known}, noted was {life.Commit}");
            await RequireSnapshotsAsync(life, snapshots, context);
            await wal.DisposeAsync();
        }
        catch (Exception failure) when (failure is StoreException or LogNotFoundException)
        {
            throw new LostException($"{context}: {failure.Message} ({content.Count} entries)");
        }
    }

    private static void RequireLog(StoreLife life, List<string> content, string context)
    {
        bool isKept = life.Matches(content, life.Held) || life.Matches(content, life.Wanted)
            || (life.IsAppending && life.MatchesPart(content, life.Held, life.Wanted));
        Require(isKept, $"{context}: holds {string.Join(", ", content)}; acknowledged were {string.Join(", ", life.Held)}");
    }

    private static async Task RequireSnapshotsAsync(StoreLife life, FileSnapshotStore snapshots, string context)
    {
        IReadOnlyList<SnapshotMeta> listed = await snapshots.ListAsync();
        ulong newest = listed.Count == 0 ? 0 : listed[0].Index;
        Require(newest == life.Snapshot.Committed || newest == life.Snapshot.Begun, $"{context}: snapshot {newest}, committed was {life.Snapshot.Committed}");
        foreach (SnapshotMeta meta in listed)
        {
            byte[] state = await TestSnapshots.ReadAsync(snapshots, meta.Id);
            Require(state.AsSpan().SequenceEqual(life.SnapshotContent(meta.Index)), $"{context}: snapshot {meta.Id} has another state");
        }
    }

    // Called a million times: a constraint for each would be most of the work.
    private static void Require(bool holds, string whatIsNot)
    {
        if (!holds)
        {
            throw new LostException(whatIsNot);
        }
    }

    private sealed class LostException(string message) : Exception(message);
}
