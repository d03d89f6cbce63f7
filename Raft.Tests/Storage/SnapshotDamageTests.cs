using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>What rots on disk is found before it is believed.</summary>
[TestFixture]
public sealed class SnapshotDamageTests
{
    private const int Size = 10_000;

    private static readonly FileSnapshotOptions Options = new() { BufferBytes = FileSnapshotOptions.BufferBytesMin };

    [Test]
    public async Task A_flipped_bit_anywhere_in_the_state_is_found_at_the_end_at_the_latest()
    {
        (FaultDisk disk, SnapshotMeta meta) = await WriteAsync();
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk, Options);
        for (int at = 0; at < Size; at += 97)
        {
            disk.Content(SnapshotDirectory.State(meta.Id))[at] ^= (byte)(1 << (at % 8));

            Assert.That(
                async () => await TestSnapshots.ReadAsync(store, meta.Id),
                Throws.TypeOf<CorruptStoreException>().With.Message.Contains(SnapshotDirectory.State(meta.Id)), $"byte {at}");

            disk.Content(SnapshotDirectory.State(meta.Id))[at] ^= (byte)(1 << (at % 8));
        }

        Assert.That(await TestSnapshots.ReadAsync(store, meta.Id), Has.Length.EqualTo(Size));
    }

    [Test]
    public async Task A_source_never_reports_the_end_of_what_is_damaged()
    {
        (FaultDisk disk, SnapshotMeta meta) = await WriteAsync();
        disk.Content(SnapshotDirectory.State(meta.Id))[0] ^= 1;
        await using ISnapshotSource source = await (await SnapshotDirectory.OpenAsync(disk, Options)).OpenAsync(meta.Id);
        byte[] buffer = new byte[Size];
        for (int read = 0; read < Size;)
        {
            read += await source.ReadAsync(buffer);
        }

        Assert.That(async () => await source.ReadAsync(buffer), Throws.TypeOf<CorruptStoreException>());
        Assert.That(async () => await source.ReadAsync(buffer), Throws.TypeOf<CorruptStoreException>());
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(Size - 1)]
    [TestCase(Size + 1)]
    public async Task A_state_of_another_size_is_refused_when_it_is_opened(int length)
    {
        (FaultDisk disk, SnapshotMeta meta) = await WriteAsync();
        disk.SetLength(SnapshotDirectory.State(meta.Id), length);

        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk, Options);

        Assert.That(
            async () => await store.OpenAsync(meta.Id),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains($"{length} bytes").And.Message.Contains($"{Size}"));
    }

    [Test]
    public async Task A_state_that_is_cut_off_while_it_is_read_is_found()
    {
        (FaultDisk disk, SnapshotMeta meta) = await WriteAsync();
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk, Options);
        await using ISnapshotSource source = await store.OpenAsync(meta.Id);
        Assert.That(await source.ReadAsync(new byte[100]), Is.EqualTo(100));

        disk.SetLength(SnapshotDirectory.State(meta.Id), 5000);

        Assert.That(async () => await TestSnapshots.ReadAsync(source), Throws.TypeOf<CorruptStoreException>());
    }

    [Test]
    public async Task A_flipped_bit_anywhere_in_the_description_gives_no_wrong_state()
    {
        (FaultDisk disk, SnapshotMeta meta) = await WriteAsync();
        byte[] content = TestSnapshots.Content(Size, seed: 1);
        int length = disk.Content(SnapshotDirectory.Meta(meta.Id)).Length;
        for (int bit = 0; bit < length * 8; bit++)
        {
            disk.Content(SnapshotDirectory.Meta(meta.Id))[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk, Options);
                SnapshotMeta listed = (await store.ListAsync()).Single();
                Assert.That((listed.Term, listed.Index), Is.EqualTo((meta.Term, meta.Index)), $"bit {bit}");
                Assert.That(await TestSnapshots.ReadAsync(store, meta.Id), Is.EqualTo(content), $"bit {bit}");
            }
            catch (CorruptStoreException)
            {
                // It cannot be read any more, or its size or checksum is what was flipped.
            }

            disk.Content(SnapshotDirectory.Meta(meta.Id))[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Test]
    public async Task A_newest_snapshot_whose_description_is_damaged_is_not_passed_over()
    {
        (FaultDisk disk, _) = await WriteAsync();
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk, Options);
        SnapshotMeta newer = await TestSnapshots.WriteAsync(store, TestSnapshots.Point(2, 20), new byte[5]);
        disk.Content(SnapshotDirectory.Meta(newer.Id))[0] = (byte)'?';

        Assert.That(
            async () => await SnapshotDirectory.OpenAsync(disk, Options),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains(newer.Id));
    }

    [Test]
    public async Task An_older_snapshot_whose_description_is_damaged_is_left_out_and_never_deleted()
    {
        (FaultDisk disk, SnapshotMeta older) = await WriteAsync();
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk, Options);
        SnapshotMeta newer = await TestSnapshots.WriteAsync(store, TestSnapshots.Point(2, 20), new byte[5]);
        disk.Content(SnapshotDirectory.Meta(older.Id))[0] = (byte)'?';

        store = await SnapshotDirectory.OpenAsync(disk, Options);
        IReadOnlyList<SnapshotMeta> listed = await store.ListAsync();
        for (ulong index = 21; index < 25; index++)
        {
            await TestSnapshots.WriteAsync(store, TestSnapshots.Point(2, index), new byte[5]);
        }

        Assert.That(listed, Is.EqualTo(new[] { newer }));
        Assert.That(await SnapshotDirectory.NamesAsync(disk), Has.Count.EqualTo(3).And.Contains(older.Id));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_newest_directory_without_one_of_its_files_is_not_passed_over(bool isMetaMissing)
    {
        (FaultDisk disk, SnapshotMeta meta) = await WriteAsync();
        await disk.DeleteAsync(isMetaMissing ? SnapshotDirectory.Meta(meta.Id) : SnapshotDirectory.State(meta.Id));

        Assert.That(async () => await SnapshotDirectory.OpenAsync(disk, Options), Throws.TypeOf<CorruptStoreException>());
        Assert.That(await SnapshotDirectory.NamesAsync(disk), Is.EqualTo(new[] { meta.Id }));
    }

    private static async Task<(FaultDisk Disk, SnapshotMeta Meta)> WriteAsync()
    {
        var disk = new FaultDisk();
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk, Options);
        return (disk, await TestSnapshots.WriteAsync(store, TestSnapshots.Point(2, 10), TestSnapshots.Content(Size, seed: 1)));
    }
}
