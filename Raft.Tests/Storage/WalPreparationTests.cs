using Raft.Stores.Wal;
using Raft.Stores.Wal.Segments;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>The next segment's zeros follow the present one's use, and an append waits for no more of them than it needs.</summary>
[TestFixture]
public sealed class WalPreparationTests
{
    private const long Piece = SegmentPreparer.PieceBytes;
    private const long SegmentBytes = 16 * Piece;
    private const int SmallGroup = 1000;
    private const int LargeGroup = 256 << 10;

    [Test]
    public async Task An_append_that_needs_a_segment_goes_on_with_the_first_piece_that_is_long_enough()
    {
        var disk = new HeldDisk(new FaultDisk());
        WalStore store = await OpenAsync(disk);
        ulong index = await FillAsync(store, disk);
        ValueTask append = default;
        for (bool isWaiting = false; !isWaiting;)
        {
            append = store.Log.AppendAsync(Entry(index++));
            isWaiting = !append.IsCompleted;
            if (!isWaiting)
            {
                await append;
            }
        }

        Assert.That(disk.HeldCount, Is.EqualTo(1), "one piece at a time");
        disk.ReleaseOne();

        Assert.That(append.IsCompleted, Is.True);
        Assert.That(disk.HeldCount, Is.Zero, "and no further one once it was enough");
        await append;
    }

    [Test]
    [Reference("e04")]
    public async Task Zeros_are_written_piece_by_piece_as_the_present_segment_fills()
    {
        var disk = new HeldDisk(new FaultDisk());
        var preparer = new SegmentPreparer(WalScript.Directory, disk, SegmentBytes);

        preparer.Follow(SegmentBytes / 2, SegmentBytes, SmallGroup);
        Assert.That(disk.Allocations, Is.Empty, "nothing before the second half");
        for (long used = SegmentBytes / 2; used < SegmentBytes; used += 1000)
        {
            preparer.Follow(used + 1, SegmentBytes, SmallGroup);
            long due = (used - (SegmentBytes / 2)) * 2;
            Assert.That(disk.Allocations.Sum(), Is.InRange(due, Math.Min(SegmentBytes, due + Piece + 2)));
        }

        PreparedFile prepared = await preparer.TakeAsync(8192);
        Assert.That(disk.Allocations, Is.All.EqualTo(Piece));
        Assert.That(prepared.Length, Is.EqualTo(SegmentBytes));
    }

    [Test]
    public async Task A_disk_that_was_full_while_a_segment_was_prepared_and_is_so_no_more_is_asked_again_and_a_broken_one_is_not()
    {
        var disk = new HeldDisk(new FaultDisk()) { AllocationFailure = new IOException("No space left on device", 28) };
        var preparer = new SegmentPreparer(WalScript.Directory, disk, SegmentBytes);
        preparer.Follow(SegmentBytes * 3 / 4, SegmentBytes, SmallGroup);
        Assert.That(async () => await preparer.TakeAsync(8192), Throws.InstanceOf<IOException>(), "it is full still");
        preparer.Follow(SegmentBytes, SegmentBytes, SmallGroup);
        disk.AllocationFailure = null;

        PreparedFile prepared = await preparer.TakeAsync(8192);
        Assert.That(prepared.Length, Is.EqualTo(4 * 8192).Or.GreaterThanOrEqualTo(Piece));
        await prepared.File.DisposeAsync();
        Assert.That(disk.OpenCount, Is.Zero, "the one before is closed");

        await disk.DeleteAsync($"{WalScript.Directory}/log-next.tmp");
        disk.AllocationFailure = new IOException("Input/output error", 5);
        preparer.Follow(SegmentBytes * 3 / 4, SegmentBytes, SmallGroup);
        disk.AllocationFailure = null;
        Assert.That(async () => await preparer.TakeAsync(8192), Throws.InstanceOf<IOException>());
    }

    [Test]
    public async Task Under_large_groups_the_next_segment_is_reserved_and_no_zeros_are_written_until_they_are_small_again()
    {
        var disk = new HeldDisk(new FaultDisk());
        var preparer = new SegmentPreparer(WalScript.Directory, disk, SegmentBytes);
        for (long used = 0; used < SegmentBytes; used += LargeGroup)
        {
            preparer.Follow(used, SegmentBytes, LargeGroup);
        }

        Assert.That((await preparer.TakeAsync(8192)).Length, Is.EqualTo(SegmentBytes));
        Assert.That((disk.Reservations.Sum(), disk.Allocations.Sum()), Is.EqualTo((SegmentBytes, 0L)));

        await disk.DeleteAsync($"{WalScript.Directory}/log-next.tmp");
        for (long used = 0; used < SegmentBytes; used += SmallGroup)
        {
            preparer.Follow(used, SegmentBytes, SmallGroup);
        }

        Assert.That((await preparer.TakeAsync(8192)).Length, Is.EqualTo(SegmentBytes));
        Assert.That((disk.Reservations.Sum(), disk.Allocations.Sum()), Is.EqualTo((SegmentBytes, SegmentBytes)));
    }

    [Test]
    public async Task A_short_segment_is_followed_by_longer_ones_until_they_have_their_size()
    {
        var disk = new HeldDisk(new FaultDisk());
        var preparer = new SegmentPreparer(WalScript.Directory, disk, SegmentBytes);
        var lengths = new List<long>();
        for (long length = Piece; length < SegmentBytes; length = lengths[^1])
        {
            for (long used = 0; used <= length; used += 4096)
            {
                preparer.Follow(used, length, SmallGroup);
            }

            lengths.Add((await preparer.TakeAsync(8192)).Length);
            await disk.DeleteAsync($"{WalScript.Directory}/log-next.tmp");
        }

        Assert.That(lengths, Is.EqualTo(new[] { 5 * Piece, SegmentBytes }));
    }

    [Test]
    public async Task A_store_opened_with_a_segment_over_half_full_begins_the_next_one_at_once()
    {
        var inner = new FaultDisk();
        WalStore store = await WalScript.OpenAsync(inner);
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(1, 1, 1, bytes: 300)));
        await store.DisposeAsync();
        var disk = new HeldDisk(inner);

        await WalStore.OpenAsync(WalScript.Directory, disk, WalScript.Options());

        Assert.That(disk.Allocations, Is.EqualTo(new[] { 8192 }));
    }

    private static async Task<ulong> FillAsync(WalStore store, HeldDisk disk)
    {
        disk.FreeAllocations = 0;
        ulong index = 1;
        while (disk.HeldCount == 0)
        {
            await store.Log.AppendAsync(Entry(index++));
        }

        return index;
    }

    private static LogAppend Entry(ulong index) => TestEntries.Append(TestEntries.Batch(index, 1, 1, bytes: 100_000));

    private static ValueTask<WalStore> OpenAsync(HeldDisk disk) => WalStore.OpenAsync(
        WalScript.Directory, disk, new WalOptions { SegmentBytes = SegmentBytes, NextSalt = new Salts(seed: 7).Next });
}
