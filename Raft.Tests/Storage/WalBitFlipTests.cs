using Raft.Stores.Wal.Format;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>Damage to what was synced is refused or does no harm; it is never read as something else.</summary>
[TestFixture]
public sealed class WalBitFlipTests
{
    [Test]
    public async Task One_bit_flipped_anywhere_before_the_last_group_is_harmless_or_refused_with_file_and_offset()
    {
        (FaultDisk disk, WalScript script) = await WalScript.RunAsync(WalScript.Steps.Count);
        disk.KillProcess();
        int refused = 0;
        foreach ((string path, int at) in BytesBeforeTheLastGroup(disk))
        {
            byte[] content = disk.Content(path);
            int bits = IsUsed(content, at) ? 8 : 1;
            for (int bit = 0; bit < bits; bit++)
            {
                content[at] ^= (byte)(1 << bit);
                refused += await IsRefusedAsync(disk, script.Held, script.Held.Count, $"{path} byte {at} bit {bit}") ? 1 : 0;
                content[at] ^= (byte)(1 << bit);
            }
        }

        Assert.That(refused, Is.GreaterThan(10_000), "most of what is used matters");
    }

    [Test]
    public async Task One_bit_flipped_in_the_last_group_costs_at_most_entries_of_that_group()
    {
        (_, WalScript before) = await WalScript.RunAsync(WalScript.Steps.Count - 1);
        (FaultDisk disk, WalScript script) = await WalScript.RunAsync(WalScript.Steps.Count);
        (_, long offset, int length) = disk.LastWrite;
        for (int bit = 0; bit < length * 8; bit++)
        {
            FaultDisk flipped = disk.Clone();
            flipped.Content(disk.NewestSegment)[(int)offset + (bit / 8)] ^= (byte)(1 << (bit % 8));

            List<string> content = await WalScript.ContentAsync(flipped);

            Assert.That(content, Is.EqualTo(script.Held.Take(content.Count)), $"bit {bit}");
            Assert.That(content, Has.Count.AtLeast(before.Held.Count), $"bit {bit}");
        }
    }

    [Test]
    public async Task One_bit_flipped_and_the_last_group_torn_leave_the_exact_prefix_or_a_refusal([Range(1, 4)] int seed)
    {
        (FaultDisk disk, WalScript script) = await WalScript.RunAsync(WalScript.Steps.Count);
        (_, long offset, int length) = disk.LastWrite;
        long groupBefore = (await WalScript.RunAsync(WalScript.Steps.Count - 1)).Disk.LastWrite.Offset;
        var random = new Random(seed);
        (string Path, int At)[] places = [.. BytesBeforeTheLastGroup(disk).Where(place => IsUsed(disk.Content(place.Path), place.At))];
        for (int i = 0; i < 3000; i++)
        {
            FaultDisk damaged = disk.Clone();
            int torn = random.Next(1, length);
            damaged.Content(disk.NewestSegment).AsSpan((int)offset + torn).Clear();
            (string path, int at) = places[random.Next(places.Length)];
            damaged.Content(path)[at] ^= (byte)(1 << random.Next(8));

            // Only where the header of the group before is hit as well as this one's can nobody tell it from a torn one.
            bool isHeaderBefore = path == disk.NewestSegment && at >= groupBefore && at < groupBefore + GroupHeader.Bytes;
            int least = script.Held.Count - (isHeaderBefore && torn < GroupHeader.Bytes ? 7 : 4);
            await IsRefusedAsync(damaged, script.Held, least, $"seed {seed}: {path} byte {at}, torn at {torn}");
        }
    }

    [Test]
    [Reference("c28")]
    public async Task A_segment_that_is_missing_between_others_is_named()
    {
        (FaultDisk disk, _) = await WalScript.RunAsync(WalScript.Steps.Count);
        disk.KillProcess();
        string[] segments = [.. disk.Paths.Where(path => path.EndsWith(".wal", StringComparison.Ordinal))];
        Assume.That(segments, Has.Length.GreaterThan(2));
        await disk.DeleteAsync(segments[1]);

        Assert.That(
            async () => await WalScript.OpenAsync(disk),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains(segments[2]).And.Message.Contains("missing"));
    }

    private static async Task<bool> IsRefusedAsync(FaultDisk disk, IReadOnlyList<string> held, int least, string context)
    {
        FaultDisk opened = disk.Clone();
        try
        {
            List<string> content = await WalScript.ContentAsync(opened);
            if (content.Count < least || !content.SequenceEqual(held.Take(content.Count)))
            {
                Assert.Fail($"{context}: {string.Join(", ", content)}");
            }

            return false;
        }
        catch (CorruptStoreException refused)
        {
            if (!refused.Message.Contains(".wal is damaged at offset ") || !opened.HoldsTheSameAs(disk))
            {
                Assert.Fail($"{context}: {refused.Message}");
            }

            return true;
        }
    }

    private static IEnumerable<(string Path, int At)> BytesBeforeTheLastGroup(FaultDisk disk)
    {
        foreach (string path in disk.Paths.Where(path => path.EndsWith(".wal", StringComparison.Ordinal)))
        {
            int end = path == disk.NewestSegment ? (int)disk.LastWrite.Offset : disk.Content(path).Length;
            for (int at = 0; at < end; at++)
            {
                yield return (path, at);
            }
        }
    }

    private static bool IsUsed(byte[] content, int at) =>
        content.AsSpan(at & ~15, Math.Min(16, content.Length - (at & ~15))).ContainsAnyExcept((byte)0);
}
