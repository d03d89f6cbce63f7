using System.Globalization;
using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>
/// One sector of what was synced is another than was written: a bit flipped, zeros, what another write was to put elsewhere, noise. It
/// is refused, or does no harm. <c>RAFT_DAMAGED_IMAGES=100000</c> is the long run.
/// </summary>
[TestFixture]
public sealed class DamagedImageTests
{
    private const int ImagesInAShortRun = 3_000;
    private const int ImagesOfALife = 20;
    private const int LaterSalts = -1;
    private const int Sector = 512;

    private static int Images => int.TryParse(
        Environment.GetEnvironmentVariable("RAFT_DAMAGED_IMAGES"), CultureInfo.InvariantCulture, out int images) ? images : ImagesInAShortRun;

    [Test]
    public async Task No_entry_vote_value_or_snapshot_is_silently_another_than_was_written()
    {
        int refused = 0;
        int lostAtTheEnd = 0;
        await Parallel.ForEachAsync(Enumerable.Range(1, (Images + ImagesOfALife - 1) / ImagesOfALife), async (seed, _) =>
        {
            StoreLife life = await StoreLife.LiveAsync(seed);
            FaultDisk whole = life.Disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
            for (int image = 0; image < ImagesOfALife; image++)
            {
                var random = new Random((seed * ImagesOfALife) + image);
                FaultDisk left = whole.Clone();
                Damage damage = Damage.Do(left, random);
                string context = $"life {seed}, image {image}: {damage}";
                if (await IsRefusedAsync(life, left, damage, context) is { } shorter)
                {
                    Interlocked.Add(ref lostAtTheEnd, shorter ? 1 : 0);
                }
                else
                {
                    Interlocked.Increment(ref refused);
                }
            }
        });
        TestContext.Out.WriteLine($"{Images} images, {refused} refused, {lostAtTheEnd} taken for a torn tail");
        Assert.That(refused, Is.GreaterThan(Images / 20), "most of what is used matters");
    }

    /// <returns>Null where it is refused; else whether the end of the log is missing.</returns>
    private static async Task<bool?> IsRefusedAsync(StoreLife life, FaultDisk left, Damage damage, string context)
    {
        FaultDisk before = left.Clone();
        try
        {
            (WalStore wal, FileSnapshotStore snapshots) = await StoreLife.OpenAsync(left, LaterSalts);
            List<string> content = await TestEntries.AllAsync(wal.Log);
            Require(IsRightOrTorn(life, content, damage, before.NewestSegment), $"{context}: holds {content.Count} to {Last(content)}; written were {string.Join(", ", life.LogWrites.TakeLast(4).Select(w => $"{Last(w.Held)} at {w.Offset}, {w.Length} bytes"))}");
            Require(await wal.Stable.LoadAsync() == life.Record.Saved, $"{context}: {await wal.Stable.LoadAsync()}");
            Require(await StoreLife.ValueAsync(wal) == life.Value.Set, $"{context}: value {await StoreLife.ValueAsync(wal)}");
            await RequireSnapshotsAsync(life, snapshots, context);
            await wal.DisposeAsync();
            return !life.Matches(content, life.Held);
        }
        catch (CorruptStoreException refused)
        {
            bool isOfSnapshots = damage.Path.Contains("snapshots");
            string named = isOfSnapshots ? Path.GetDirectoryName(damage.Path)! : damage.Path;
            Require(refused.Message.Contains(named), $"{context}: the refusal names another file: {refused.Message}");
            Require(isOfSnapshots || left.HoldsTheSameAs(before), $"{context}: what is refused must stay as it is");
            return null;
        }
    }

    // Damage to the last writes alone cannot be told from a cut in their midst: what stands before them must be there.
    private static bool IsRightOrTorn(StoreLife life, List<string> content, Damage damage, string newest)
    {
        for (int last = life.LogWrites.Count - 1; last >= 0; last--)
        {
            IReadOnlyList<string> before = last == 0 ? [] : life.LogWrites[last - 1].Held;
            if (life.Matches(content, life.LogWrites[last].Held))
            {
                return true;
            }

            bool isInNewest = last == life.LogWrites.Count - 1 || life.LogWrites[last].Offset < life.LogWrites[last + 1].Offset;
            if (!isInNewest || !damage.Hits(newest, life.LogWrites[last].Offset, life.LogWrites[last].Length))
            {
                return false;
            }

            if (life.Matches(content, before) || life.MatchesPart(content, before, life.LogWrites[last].Held))
            {
                return true;
            }
        }

        return content.Count == 0;
    }

    private static async Task RequireSnapshotsAsync(StoreLife life, FileSnapshotStore snapshots, string context)
    {
        foreach (SnapshotMeta meta in await snapshots.ListAsync())
        {
            try
            {
                byte[] state = await TestSnapshots.ReadAsync(snapshots, meta.Id);
                Require(
                    meta.Index <= life.Snapshot.Committed && state.AsSpan().SequenceEqual(life.SnapshotContent(meta.Index)),
                    $"{context}: snapshot {meta.Id} has another state");
            }
            catch (CorruptStoreException refused)
            {
                Require(refused.Message.Contains("snapshots"), $"{context}: {refused.Message}");
            }
        }
    }

    private static string Last(IReadOnlyList<string> entries) => entries.Count == 0 ? "none" : entries[^1];

    private static void Require(bool holds, string whatIsNot)
    {
        if (!holds)
        {
            Assert.Fail(whatIsNot);
        }
    }

    /// <summary>What was done to one sector.</summary>
    private sealed record Damage(string Path, int Offset, int Length, string Kind)
    {
        /// <summary>Damages one sector, or one bit of it, of any file.</summary>
        public static Damage Do(FaultDisk disk, Random random)
        {
            string[] paths = [.. disk.Paths.Where(p => disk.Peek(p).Length > 0)];
            string path = random.Next(4) == 0 ? paths[random.Next(paths.Length)] : paths.Last(p => p.EndsWith(".wal", StringComparison.Ordinal));
            byte[] content = disk.Content(path);

            // Behind what is used there is little to be damaged.
            int used = content.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
            int at = random.Next(Math.Max(1, used)) / Sector * Sector;
            Span<byte> sector = content.AsSpan(at, Math.Min(Sector, content.Length - at));
            switch (random.Next(4))
            {
                case 0:
                    int bit = random.Next(sector.Length * 8);
                    sector[bit / 8] ^= (byte)(1 << (bit % 8));
                    return new Damage(path, at + (bit / 8), 1, "bit flipped");
                case 1:
                    sector.Clear();
                    return new Damage(path, at, sector.Length, "zeros");
                case 2:
                    byte[] other = disk.Content(paths[random.Next(paths.Length)]);
                    int from = random.Next(other.Length) / Sector * Sector;
                    byte[] misdirected = other.AsSpan(from, Math.Min(sector.Length, other.Length - from)).ToArray();
                    misdirected.CopyTo(sector);
                    return new Damage(path, at, sector.Length, "misdirected write");
                default:
                    random.NextBytes(sector);
                    return new Damage(path, at, sector.Length, "noise");
            }
        }

        /// <summary>Whether it touches a write.</summary>
        public bool Hits(string path, long offset, int length) => Path == path && Offset < offset + length && offset < Offset + Length;

        public override string ToString() => $"{Kind} at {Offset} of {Path}";
    }
}
