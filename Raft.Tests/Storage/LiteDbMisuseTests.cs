using Raft.Stores.LiteDb.Files;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>What the durability of a database on LiteDB depends on, LiteDB must keep to; where it does not, nothing is written any more.</summary>
[TestFixture]
public sealed class LiteDbMisuseTests
{
    private static readonly byte[] Page = new byte[LiteDbPager.PageBytes];

    [Test]
    public async Task A_transaction_of_more_pages_than_the_limit_is_refused_and_so_is_all_that_follows()
    {
        var disk = new FaultDisk();
        LiteDbPager pager = await OpenAsync(disk);
        int changes = disk.Changes;
        for (int i = 0; i < FrameLog.TransactionPagesMax; i++)
        {
            pager.Append(1, version: 2, isLast: false);
        }

        Assert.That(
            () => pager.Append(2, version: 2, isLast: true),
            Throws.TypeOf<StoreException>().With.Message.Contains("more than 8192 pages").And.Message.Contains(LiteDbPager.Frames));
        Assert.That(() => pager.Commit([1], version: 3), Throws.TypeOf<StoreException>());
        Assert.That(disk.Changes, Is.EqualTo(changes));
    }

    [TestCase("part of a page to the log")]
    [TestCase("over a page of the log")]
    [TestCase("page of a number out of bounds")]
    [TestCase("page of another transaction")]
    [TestCase("log cut to a length between")]
    [TestCase("log emptied without a checkpoint")]
    [TestCase("log emptied before the flush")]
    [TestCase("log emptied in a transaction")]
    [TestCase("page to the data file that is not in the log")]
    [TestCase("page to the place of another")]
    [TestCase("part of a page to the data file")]
    [TestCase("data file cut")]
    public async Task What_LiteDB_is_not_known_to_do_is_refused_and_nothing_is_written_after_it(string misuse)
    {
        var disk = new FaultDisk();
        LiteDbPager pager = await OpenAsync(disk);
        (Stream data, Stream log) = (pager.Files!.Data, pager.Files.Log);
        pager.Commit([1, 2], version: 2);
        int changes = disk.Changes;

        Assert.That(() => Misuse(misuse, pager, data, log), Throws.TypeOf<StoreException>().With.Message.Contains("rules do not cover it"));
        changes += misuse == "log emptied before the flush" ? 2 : 0;
        Assert.That(() => pager.Append(1, version: 3, isLast: true), Throws.TypeOf<StoreException>());
        Assert.That(data.Flush, Throws.TypeOf<StoreException>());
        Assert.That(disk.Changes, Is.EqualTo(changes));
        Assert.That((await OpenAsync(disk)).ReadAll(misuse), Is.EqualTo(new SortedDictionary<uint, uint> { [0] = 1, [1] = 2, [2] = 2 }));
    }

    [Test]
    public async Task Lengths_that_do_not_change_and_flushes_of_nothing_are_no_misuse()
    {
        var disk = new FaultDisk();
        LiteDbPager pager = await OpenAsync(disk);
        int changes = disk.Changes;

        pager.Files!.Log.SetLength(0);
        pager.Files.Log.Flush();
        pager.Files.Data.SetLength(pager.Files.Data.Length);
        pager.Files.Data.Flush();

        Assert.That(disk.Changes, Is.EqualTo(changes));
        pager.Commit([1], version: 2);
        Assert.That(pager.Read(1, "in use"), Is.EqualTo(2));
    }

    private static void Misuse(string misuse, LiteDbPager pager, Stream data, Stream log)
    {
        switch (misuse)
        {
            case "part of a page to the log":
                log.Position = log.Length;
                log.Write(Page, 0, 100);
                break;
            case "over a page of the log":
                log.Position = 0;
                log.Write(Page, 0, Page.Length);
                break;
            case "page of a number out of bounds":
                pager.Append(DatabasePage.CountMax, version: 3, isLast: true);
                break;
            case "page of another transaction":
                pager.Append(1, version: 3, isLast: false, transaction: 5);
                pager.Append(2, version: 3, isLast: true, transaction: 6);
                break;
            case "log cut to a length between":
                log.SetLength(LiteDbPager.PageBytes);
                break;
            case "log emptied without a checkpoint":
                log.SetLength(0);
                break;
            case "log emptied before the flush":
                pager.CopyToData();
                log.SetLength(0);
                break;
            case "log emptied in a transaction":
                pager.Append(1, version: 3, isLast: false);
                log.SetLength(0);
                break;
            case "page to the data file that is not in the log":
                data.Write(Page, 0, Page.Length);
                break;
            case "page to the place of another":
                data.Position = LiteDbPager.PageBytes;
                data.Write(Page, 0, Page.Length);
                break;
            case "part of a page to the data file":
                data.Position = 5;
                data.Write(Page, 0, Page.Length);
                break;
            default:
                data.SetLength(LiteDbPager.PageBytes);
                break;
        }
    }

    private static Task<LiteDbPager> OpenAsync(FaultDisk disk) => LiteDbPager.OpenAsync(disk, new Salts(seed: 3).Next);
}
