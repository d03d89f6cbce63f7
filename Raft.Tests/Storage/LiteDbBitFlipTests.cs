using Raft.Stores.LiteDb.Files;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>Damage to what was synced is refused, at open or where it is read, or does no harm; it is never read as something else.</summary>
[TestFixture]
public sealed class LiteDbBitFlipTests
{
    private const int SlotBytes = 4096;
    private const int SlotCount = 4;
    private const int SlotUsedBytes = 48;

    // The frames behind the last checkpoint, by the pages that they hold. The last version of a page is not always in the last.
    private static readonly uint[][] Logged = [[3, 1, 0], [5], [2, 4, 7, 0], [6, 1]];

    [Test]
    public async Task One_bit_flipped_before_the_last_frame_is_refused_with_file_and_offset_unless_nothing_stands_there()
    {
        (FaultDisk disk, SortedDictionary<uint, uint> all) = await MakeAsync(Logged.Length);
        long end = FrameLog.FirstOffset + Logged[..^1].Sum(frame => FrameHeader.FrameBytes(frame.Length));
        int refused = 0;
        int harmless = 0;
        foreach (long at in Places(end))
        {
            FaultDisk damaged = Flip(disk, LiteDbPager.Frames, at);
            FaultDisk opened = damaged.Clone();
            try
            {
                LiteDbPager pager = await OpenAsync(opened);
                Assert.That(pager.ReadAll($"byte {at}"), Is.EqualTo(all), $"byte {at}");
                Assert.That(IsUnused(at), Is.True, $"byte {at}");
                harmless++;
            }
            catch (CorruptStoreException refusal)
            {
                Assert.That(refusal.Message, Does.StartWith($"{LiteDbPager.Frames} is damaged at offset "), $"byte {at}");
                Assert.That(opened.HoldsTheSameAs(damaged), Is.True, $"byte {at}");
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(200));
        Assert.That(harmless, Is.GreaterThan(20));
    }

    [Test]
    public async Task One_bit_flipped_in_the_last_frame_costs_at_most_that_transaction()
    {
        (_, SortedDictionary<uint, uint> allButOne) = await MakeAsync(Logged.Length - 1);
        (FaultDisk disk, SortedDictionary<uint, uint> all) = await MakeAsync(Logged.Length);
        long start = FrameLog.FirstOffset + Logged[..^1].Sum(frame => FrameHeader.FrameBytes(frame.Length));
        long end = start + FrameHeader.FrameBytes(Logged[^1].Length);
        int lost = 0;
        foreach (long at in Places(end).Where(at => at >= start))
        {
            LiteDbPager pager = await OpenAsync(Flip(disk, LiteDbPager.Frames, at));

            SortedDictionary<uint, uint> held = pager.ReadAll($"byte {at}");
            lost += held.SequenceEqual(allButOne) ? 1 : 0;
            Assert.That(held, Is.EqualTo(IsUnused(at) ? all : allButOne), $"byte {at}");
        }

        Assert.That(lost, Is.GreaterThan(50));
    }

    [Test]
    public async Task One_bit_flipped_in_the_record_of_the_generation_is_healed()
    {
        (FaultDisk disk, SortedDictionary<uint, uint> all) = await MakeAsync(Logged.Length);
        for (int slot = 0; slot < SlotCount; slot++)
        {
            for (int at = 0; at < SlotBytes; at += at < SlotUsedBytes ? 1 : 127)
            {
                FaultDisk damaged = Flip(disk, LiteDbPager.Frames, (slot * SlotBytes) + at);

                LiteDbPager pager = await OpenAsync(damaged);
                Assert.That(pager.ReadAll($"slot {slot} byte {at}"), Is.EqualTo(all), $"slot {slot} byte {at}");

                // The other copy is not all that is left: it may go next.
                await pager.Files!.DisposeAsync();
                damaged.Content(LiteDbPager.Frames).AsSpan((slot ^ 1) * SlotBytes, SlotBytes).Clear();
                Assert.That((await OpenAsync(damaged)).ReadAll("healed"), Is.EqualTo(all), $"slot {slot} byte {at}");
            }
        }
    }

    [Test]
    public async Task One_bit_flipped_in_a_page_of_the_data_file_is_told_when_that_page_is_read_and_no_other()
    {
        (FaultDisk disk, SortedDictionary<uint, uint> all) = await MakeAsync(frames: 0);
        LiteDbPager pager = await OpenAsync(disk);
        byte[] content = disk.Content(LiteDbPager.Data);
        for (int at = 0; at < content.Length; at += at % LiteDbPager.PageBytes < 32 ? 1 : 160)
        {
            content[at] ^= (byte)(1 << (at % 8));
            foreach ((uint id, uint version) in all)
            {
                if (id == at / LiteDbPager.PageBytes)
                {
                    Assert.That(
                        () => pager.Read(id, "flipped"),
                        Throws.TypeOf<CorruptStoreException>().With.Message.Contains($"{LiteDbPager.Data} is damaged at offset {id * LiteDbPager.PageBytes}"));
                }
                else
                {
                    Assert.That(pager.Read(id, $"byte {at}"), Is.EqualTo(version), $"byte {at}");
                }
            }

            content[at] ^= (byte)(1 << (at % 8));
        }
    }

    [Test]
    public async Task One_bit_flipped_in_the_checksums_is_refused_told_when_that_page_is_read_or_harmless()
    {
        (FaultDisk disk, SortedDictionary<uint, uint> all) = await MakeAsync(frames: 0);
        int length = disk.Content(LiteDbPager.Sums).Length;
        int refused = 0;
        int told = 0;
        for (int at = 0; at < length; at += at % SlotBytes < 64 ? 1 : 32)
        {
            try
            {
                LiteDbPager pager = await OpenAsync(Flip(disk, LiteDbPager.Sums, at));
                foreach ((uint id, uint version) in all)
                {
                    try
                    {
                        Assert.That(pager.Read(id, $"byte {at}"), Is.EqualTo(version), $"byte {at}");
                    }
                    catch (CorruptStoreException)
                    {
                        Assert.That(id, Is.EqualTo((at - SlotBytes) / sizeof(uint)), $"byte {at}");
                        told++;
                    }
                }
            }
            catch (StoreException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(28));
        Assert.That(told, Is.EqualTo(all.Count * sizeof(uint)));
    }

    [Test]
    public async Task A_page_that_stands_in_the_place_of_another_is_not_taken_for_it()
    {
        (FaultDisk disk, _) = await MakeAsync(frames: 0);
        LiteDbPager pager = await OpenAsync(disk);
        Span<byte> content = disk.Content(LiteDbPager.Data);

        content.Slice(3 * LiteDbPager.PageBytes, LiteDbPager.PageBytes).CopyTo(content[(2 * LiteDbPager.PageBytes)..]);

        Assert.That(() => pager.Read(2, "misplaced"), Throws.TypeOf<CorruptStoreException>());
    }

    [Test]
    public async Task One_bit_flipped_in_a_page_of_the_log_is_told_when_that_page_is_read()
    {
        var disk = new FaultDisk();
        LiteDbPager pager = await OpenAsync(disk);
        pager.Commit([2, 1], version: 7);
        byte[] content = disk.Content(LiteDbPager.Frames);

        content[FrameLog.FirstOffset + FrameHeader.FrameBytes(1) + 4000] ^= 1;

        Assert.That(pager.Read(2, "not flipped"), Is.EqualTo(7));
        Assert.That(
            () => pager.Read(1, "flipped"), Throws.TypeOf<CorruptStoreException>().With.Message.Contains(LiteDbPager.Frames));
        Assert.That(pager.Checkpoint, Throws.TypeOf<CorruptStoreException>());
    }

    private static async Task<(FaultDisk Disk, SortedDictionary<uint, uint> Held)> MakeAsync(int frames)
    {
        var disk = new FaultDisk();
        LiteDbPager pager = await OpenAsync(disk);
        pager.Commit([7, 6, 5, 4, 3, 0], version: 2);
        pager.Checkpoint();
        for (uint i = 0; i < frames; i++)
        {
            pager.Commit(Logged[i], version: 3 + i);
        }

        SortedDictionary<uint, uint> held = pager.ReadAll("made");
        await pager.Files!.DisposeAsync();
        disk.KillProcess();
        return (disk, held);
    }

    private static Task<LiteDbPager> OpenAsync(FaultDisk disk) => LiteDbPager.OpenAsync(disk, new Salts(seed: 1).Next);

    private static FaultDisk Flip(FaultDisk disk, string path, long at)
    {
        FaultDisk flipped = disk.Clone();
        flipped.Content(path)[at] ^= (byte)(1 << (int)(at % 8));
        return flipped;
    }

    // All of what headers use, some of the rest of their blocks, and some of each page.
    private static IEnumerable<long> Places(long end)
    {
        for (long at = FrameLog.FirstOffset; at < end; at += HeaderPlace(at) is >= 0 and < 64 ? 1 : 64)
        {
            yield return at;
        }
    }

    private static bool IsUnused(long at) => HeaderPlace(at) >= FrameHeader.Bytes;

    private static long HeaderPlace(long at)
    {
        long start = FrameLog.FirstOffset;
        foreach (uint[] frame in Logged)
        {
            if (at < start + FrameHeader.FrameBytes(frame.Length))
            {
                return at - start < FrameHeader.BlockBytes ? at - start : -1;
            }

            start += FrameHeader.FrameBytes(frame.Length);
        }

        return -1;
    }
}
