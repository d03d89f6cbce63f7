using System.Buffers.Binary;
using Raft.Stores.LiteDb;
using Raft.Stores.LiteDb.Files;
using Raft.Stores.Wal;
using Raft.Stores.Wal.Format;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>The files of a database on LiteDB, and what LiteDB may do with them.</summary>
[TestFixture]
public sealed class LiteDbFilesTests
{
    private static readonly byte[] Page = new byte[LiteDbPager.PageBytes];

    [Test]
    public async Task Pages_of_an_open_transaction_are_read_back_and_are_gone_after_a_restart()
    {
        var disk = new FaultDisk();
        LiteDbPager pager = await OpenAsync(disk);
        pager.Append(2, version: 9, isLast: false, transaction: 77);

        byte[] read = new byte[LiteDbPager.PageBytes];
        pager.Files!.Log.Position = 0;
        pager.Files.Log.ReadExactly(read);

        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(read), Is.EqualTo(2));
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(read.AsSpan(14)), Is.EqualTo(77));
        Assert.That(read[18], Is.Zero);
        Assert.That(pager.Files.HasUnconfirmed, Is.True);
        Assert.That(pager.Files.TransactionCount, Is.Zero);
        Assert.That((await OpenAsync(disk)).ReadAll("restarted"), Is.EqualTo(LiteDbPager.Fresh));
    }

    [Test]
    public async Task A_page_of_the_log_is_read_back_as_it_was_written_with_its_transaction_and_the_mark_of_the_last()
    {
        LiteDbPager pager = await OpenAsync(new FaultDisk());
        pager.Append(1, version: 5, isLast: false, transaction: 41);
        pager.Append(2, version: 5, isLast: true, transaction: 41);

        byte[] read = new byte[2 * LiteDbPager.PageBytes];
        pager.Files!.Log.Position = 0;
        pager.Files.Log.ReadExactly(read, 0, LiteDbPager.PageBytes);
        pager.Files.Log.ReadExactly(read, LiteDbPager.PageBytes, LiteDbPager.PageBytes);

        Assert.That(read[18], Is.Zero);
        Assert.That(read[LiteDbPager.PageBytes + 18], Is.EqualTo(1));
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(read.AsSpan(LiteDbPager.PageBytes + 14)), Is.EqualTo(41));
        Assert.That(pager.Files.TransactionCount, Is.EqualTo(1));
        Assert.That(pager.Files.HasUnconfirmed, Is.False);
    }

    [Test]
    public async Task A_transaction_is_one_write_and_one_sync()
    {
        var disk = new FaultDisk();
        LiteDbPager pager = await OpenAsync(disk);
        int changes = disk.Changes;

        pager.Commit([1, 2, 0], version: 2);

        Assert.That(disk.Changes - changes, Is.EqualTo(2));
        Assert.That(disk.LastWrite.Length, Is.EqualTo(4096 + (3 * LiteDbPager.PageBytes)));
    }

    [Test]
    public async Task The_file_of_frames_is_used_again_after_each_checkpoint_and_does_not_grow_for_ever()
    {
        var disk = new FaultDisk();
        LiteDbPager pager = await OpenAsync(disk);
        var lengths = new HashSet<int>();
        for (uint version = 2; version < 40; version++)
        {
            pager.Commit([1, 2, 0], version);
            pager.Commit([1, 2], version);
            pager.Checkpoint();
            lengths.Add(disk.Peek(LiteDbPager.Frames).Length);
        }

        Assert.That(lengths, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_header_counts_only_in_its_own_place_and_generation()
    {
        byte[] block = new byte[FrameHeader.BlockBytes];
        var header = new FrameHeader(Number: 7, PageCount: 3, Transaction: 9, Follows: 11, PagesSum: 13);

        uint checksum = header.Write(block, salt: 5, offset: 8192);

        Assert.That(FrameHeader.TryRead(block, salt: 5, offset: 8192, out FrameHeader read, out uint readChecksum), Is.True);
        Assert.That((read, readChecksum), Is.EqualTo((header, checksum)));
        Assert.That(FrameHeader.TryRead(block, salt: 5, offset: 4096, out _, out _), Is.False);
        Assert.That(FrameHeader.TryRead(block, salt: 6, offset: 8192, out _, out _), Is.False);
    }

    [Test]
    public void A_sum_is_of_one_page_of_one_store_and_never_that_of_no_page()
    {
        uint sum = DatabasePage.Sum(storeId: 1, id: 2, Page);

        Assert.That(DatabasePage.Sum(storeId: 1, id: 3, Page), Is.Not.EqualTo(sum));
        Assert.That(DatabasePage.Sum(storeId: 2, id: 2, Page), Is.Not.EqualTo(sum));
        Assert.That(sum, Is.Not.Zero);
    }

    [Test]
    public async Task A_page_that_was_never_written_is_not_read()
    {
        LiteDbPager pager = await OpenAsync(new FaultDisk());
        pager.Files!.Data.Position = 3 * LiteDbPager.PageBytes;

        Assert.That(
            () => pager.Files.Data.Read(Page, 0, Page.Length),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains("page 3").And.Message.Contains(LiteDbPager.Data));
        Assert.That(() => pager.Files.Log.Read(Page, 0, Page.Length), Throws.TypeOf<StoreException>());
    }

    [TestCase(LiteDbPager.Data)]
    [TestCase(LiteDbPager.Frames)]
    [TestCase(LiteDbPager.Sums)]
    public async Task A_missing_file_is_named_and_not_made_anew(string path)
    {
        FaultDisk disk = await MadeAsync();
        await disk.DeleteAsync(path);
        FaultDisk opened = disk.Clone();

        Assert.That(async () => await OpenAsync(opened), Throws.TypeOf<CorruptStoreException>().With.Message.Contains(path));
        Assert.That(opened.HoldsTheSameAs(disk), Is.True);
    }

    [TestCase(LiteDbPager.Frames)]
    [TestCase(LiteDbPager.Sums)]
    public async Task Files_of_different_stores_are_refused(string path)
    {
        FaultDisk disk = await MadeAsync();
        FaultDisk other = await MadeAsync(seed: 2);
        other.Peek(path).CopyTo(disk.Content(path));
        FaultDisk opened = disk.Clone();

        Assert.That(async () => await OpenAsync(opened), Throws.TypeOf<StoreException>().With.Message.Contains("different stores"));
        Assert.That(opened.HoldsTheSameAs(disk), Is.True);
    }

    [TestCase(LiteDbPager.Frames, "RAFTFRAM")]
    [TestCase(LiteDbPager.Sums, "RAFTSUMS")]
    public async Task A_file_of_a_newer_format_version_is_refused_by_name(string path, string magic)
    {
        FaultDisk disk = await MadeAsync();
        FormatHead.Write(disk.Content(path), System.Text.Encoding.ASCII.GetBytes(magic), version: 2);
        FaultDisk opened = disk.Clone();

        Assert.That(
            async () => await OpenAsync(opened),
            Throws.TypeOf<StoreException>().With.Message.Contains($"{path} is in format version 2").And.Message.Contains("version 1"));
        Assert.That(opened.HoldsTheSameAs(disk), Is.True);
    }

    [TestCase(-1)]
    [TestCase(1)]
    public async Task A_data_file_of_the_wrong_length_is_refused(int more)
    {
        FaultDisk disk = await MadeAsync();
        disk.SetLength(LiteDbPager.Data, disk.Peek(LiteDbPager.Data).Length + more);

        Assert.That(async () => await OpenAsync(disk), Throws.TypeOf<CorruptStoreException>().With.Message.Contains(LiteDbPager.Data));
    }

    [Test]
    public async Task What_an_interrupted_creation_left_is_removed()
    {
        var disk = new FaultDisk();
        await disk.OpenAsync("store/litedb.tmp/raft.db", DiskOpenMode.New);
        await disk.OpenAsync("store/litedb.tmp/raft-log.db", DiskOpenMode.New);

        LiteDbPager pager = await OpenAsync(disk);

        Assert.That(pager.ReadAll("made"), Is.EqualTo(LiteDbPager.Fresh));
        Assert.That(disk.Paths, Is.EqualTo(new[] { LiteDbPager.Data, LiteDbPager.Frames, LiteDbPager.Sums }));
    }

    [Test]
    public async Task A_database_that_is_left_with_a_log_or_without_pages_is_not_made()
    {
        var disk = new FaultDisk();
        await disk.CreateDirectoryAsync(LiteDbPager.Directory);

        Assert.That(
            async () => await DatabaseFiles.OpenAsync(LiteDbPager.Directory, disk, new Salts(1).Next, new WriteFuse(), (_, _) => { }),
            Throws.TypeOf<StoreException>().With.Message.Contains("0 pages"));
        Assert.That(
            async () => await DatabaseFiles.OpenAsync(
                LiteDbPager.Directory, disk, new Salts(1).Next, new WriteFuse(), (_, log) => log.Write(Page, 0, Page.Length)),
            Throws.TypeOf<StoreException>().With.Message.Contains("1 pages in its log"));
        Assert.That(await LiteDbDirectory.ExistsAsync(LiteDbPager.Directory, disk), Is.False);
    }

    [Test]
    public void A_disk_whose_files_cannot_block_is_refused_by_name() => Assert.That(
        async () => await LiteDbPager.OpenAsync(new HeldDisk(new FaultDisk()), new Salts(1).Next),
        Throws.TypeOf<StoreException>().With.Message.Contains(nameof(IBlockingDiskFile)).And.Message.Contains(nameof(HeldDisk)));

    [Test]
    public async Task On_the_real_disk_a_database_is_made_used_and_opened_again()
    {
        using var directory = new TemporaryDirectory();
        string path = directory.File("db");
        Directory.CreateDirectory(path);
        var salts = new Salts(1);
        await using (DatabaseFiles files = await OpenRealAsync())
        {
            LiteDbPager pager = LiteDbPager.On(files);
            pager.Commit([1, 3, 0], version: 2);
            pager.Checkpoint();
            pager.Commit([2, 3], version: 3);
            Assert.That(pager.Read(3, "real"), Is.EqualTo(3));
        }

        await using DatabaseFiles again = await OpenRealAsync();
        Assert.That(again.RecoveredTransactionCount, Is.EqualTo(1));
        Assert.That(
            LiteDbPager.On(again).ReadAll("real"), Is.EqualTo(new SortedDictionary<uint, uint> { [0] = 2, [1] = 2, [2] = 3, [3] = 3 }));

        ValueTask<DatabaseFiles> OpenRealAsync() =>
            DatabaseFiles.OpenAsync(path, new RealDisk(), salts.Next, new WriteFuse(), LiteDbPager.Create);
    }

    private static async Task<FaultDisk> MadeAsync(int seed = 1)
    {
        var disk = new FaultDisk();
        LiteDbPager pager = await LiteDbPager.OpenAsync(disk, new Salts(seed).Next);
        pager.Commit([1, 3, 0], version: 2);
        pager.Checkpoint();
        await pager.Files!.DisposeAsync();
        return disk;
    }

    private static Task<LiteDbPager> OpenAsync(FaultDisk disk) => LiteDbPager.OpenAsync(disk, new Salts(seed: 3).Next);
}
