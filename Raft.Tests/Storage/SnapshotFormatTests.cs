using System.Globalization;
using System.Text;
using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Golden;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>A snapshot's directory is the same whether Go or this library wrote it, and each reads the other's.</summary>
[TestFixture]
public sealed class SnapshotFormatTests
{
    private const string Legacy =
        """{"Version":0,"ID":"3-9-1","Index":9,"Term":3,"Peers":"kq4xMjcuMC4wLjE6OTAwMa4xMjcuMC4wLjE6OTAwMg==","Configuration":{"Servers":null},"ConfigurationIndex":0,"Size":9,"CRC":"mV3Ju98ZOfo="}""";

    private static readonly ClusterConfiguration GoMembers = new(
        new Server("n1", "127.0.0.1:9001"), new Server("n2", "127.0.0.1:9002"),
        new Server("n3", "127.0.0.1:9003", ServerSuffrage.Nonvoter));

    private static readonly byte[] Nine = "123456789"u8.ToArray();

    [TestCaseSource(typeof(GoldenSnapshot), nameof(GoldenSnapshot.All))]
    [Reference("d07")]
    public async Task A_snapshot_that_Go_wrote_is_read_with_its_members_and_its_checksum(GoldenSnapshot golden)
    {
        var disk = new FaultDisk();
        await SnapshotDirectory.PutAsync(disk, golden.Id, Encoding.UTF8.GetString(golden.Meta), golden.State);

        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk);
        SnapshotMeta meta = (await store.ListAsync()).Single();

        Assert.That(meta, Is.EqualTo(new SnapshotMeta(golden.Id, new SnapshotPoint(12, 6, GoMembers, ConfigurationIndex: 1), Size: 12)));
        Assert.That(await TestSnapshots.ReadAsync(store, golden.Id), Is.EqualTo(golden.State));
    }

    [TestCaseSource(typeof(GoldenSnapshot), nameof(GoldenSnapshot.All))]
    [Reference("D17", "d07")]
    public async Task What_is_written_for_the_same_values_is_what_Go_wrote_to_the_byte(GoldenSnapshot golden)
    {
        var disk = new FaultDisk();
        var clock = new StandingClock(long.Parse(golden.Id.Split('-')[2], CultureInfo.InvariantCulture));
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk, new FileSnapshotOptions { TimeProvider = clock });

        SnapshotMeta meta = await TestSnapshots.WriteAsync(
            store, new SnapshotPoint(12, 6, GoMembers, ConfigurationIndex: 1), golden.State);

        Assert.That(meta.Id, Is.EqualTo(golden.Id));
        Assert.That(disk.Content(SnapshotDirectory.Meta(meta.Id)), Is.EqualTo(golden.Meta));
        Assert.That(disk.Content(SnapshotDirectory.State(meta.Id)), Is.EqualTo(golden.State));
        Assert.That(disk.Paths.Where(p => p.StartsWith(SnapshotDirectory.Path, StringComparison.Ordinal)), Has.Exactly(2).Items);
    }

    [Test]
    public async Task While_it_is_written_a_snapshot_has_size_0_and_no_checksum_under_a_temporary_name()
    {
        var disk = new FaultDisk();
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk, new FileSnapshotOptions { TimeProvider = new StandingClock(7) });

        await using ISnapshotSink sink = await store.CreateAsync(new SnapshotPoint(5, 4, ClusterConfiguration.Empty, 0));

        Assert.That(await SnapshotDirectory.NamesAsync(disk), Is.EqualTo(new[] { "4-5-7.tmp" }));
        Assert.That(
            SnapshotDirectory.MetaText(disk, "4-5-7.tmp"),
            Is.EqualTo("""{"Version":1,"ID":"4-5-7","Index":5,"Term":4,"Peers":"wA==","Configuration":{"Servers":null},"ConfigurationIndex":0,"Size":0,"CRC":null}""" + "\n"));
    }

    [TestCase("", "AAAAAAAAAAA=")]
    [TestCase("123456789", "mV3Ju98ZOfo=")]
    public async Task The_checksum_is_base64_of_eight_bytes_most_significant_first(string content, string crc)
    {
        var disk = new FaultDisk();
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk);

        SnapshotMeta meta = await TestSnapshots.WriteAsync(store, TestSnapshots.Point(1, 2), Encoding.ASCII.GetBytes(content));

        Assert.That(
            SnapshotDirectory.MetaText(disk, meta.Id), Does.EndWith($"\"Size\":{content.Length},\"CRC\":\"{crc}\"}}\n"));
    }

    [Test]
    public async Task Text_is_escaped_as_Go_does_it_and_comes_back()
    {
        var disk = new FaultDisk();
        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk);
        var members = new ClusterConfiguration(new Server("ä+/<&>\"\\\u2028\t\u0001😀", "a:1"));

        SnapshotMeta meta = await TestSnapshots.WriteAsync(store, new SnapshotPoint(2, 1, members, 1), Nine);
        store = await SnapshotDirectory.OpenAsync(disk);

        Assert.That(
            SnapshotDirectory.MetaText(disk, meta.Id), Does.Contain("""
                "ID":"ä+/\u003c\u0026\u003e\"\\\u2028\t\u0001😀"
                """));
        Assert.That((await store.ListAsync()).Single().Point.Configuration, Is.EqualTo(members));
    }

    [Test]
    [Reference("D17")]
    public async Task Of_version_0_the_peers_are_voters_by_their_addresses_as_of_the_snapshots_index()
    {
        var disk = new FaultDisk();
        await SnapshotDirectory.PutAsync(disk, "3-9-1", Legacy, Nine);

        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk);
        SnapshotMeta meta = (await store.ListAsync()).Single();

        Assert.That(meta.Version, Is.Zero);
        Assert.That(meta.Point, Is.EqualTo(new SnapshotPoint(
            9, 3, new ClusterConfiguration(new Server("127.0.0.1:9001", "127.0.0.1:9001"), new Server("127.0.0.1:9002", "127.0.0.1:9002")),
            ConfigurationIndex: 9)));
        Assert.That(await TestSnapshots.ReadAsync(store, "3-9-1"), Is.EqualTo(Nine));
    }

    [Test]
    public async Task Fields_of_later_versions_any_order_and_spaces_are_read()
    {
        var disk = new FaultDisk();
        await SnapshotDirectory.PutAsync(disk, "3-9-1", """
            { "CRC": "mV3Ju98ZOfo=", "New": [{"a": 1}], "Size": 9, "ConfigurationIndex": 4, "Term": 3, "Index": 9, "ID": "3-9-1",
              "Configuration": { "Servers": [ { "Address": "a:1", "More": null, "ID": "a", "Suffrage": 2 } ] }, "Version": 1 }
            """, Nine);

        FileSnapshotStore store = await SnapshotDirectory.OpenAsync(disk);
        SnapshotMeta meta = (await store.ListAsync()).Single();

        var members = new ClusterConfiguration(new Server("a", "a:1", ServerSuffrage.Staging));
        Assert.That(meta.Point, Is.EqualTo(new SnapshotPoint(9, 3, members, ConfigurationIndex: 4)));
    }

    [TestCase("\"Version\":0", "\"Version\":2", TestName = "A_later_version_is_not_passed_over")]
    [TestCase("\"Version\":0", "\"Version\":1", TestName = "A_version_1_without_members_is_read")]
    [TestCase("\"Size\":9", "\"Size\":-9", TestName = "A_negative_size_is_not_passed_over")]
    [TestCase("\"Size\":9", "\"Size\":\"9\"", TestName = "A_size_that_is_no_number_is_not_passed_over")]
    [TestCase("\"Term\":3,", "", TestName = "A_description_without_a_term_is_not_passed_over")]
    [TestCase("\"Index\":9", "\"Index\":1.5", TestName = "An_index_that_is_no_integer_is_not_passed_over")]
    [TestCase("\"mV3Ju98ZOfo=\"", "null", TestName = "A_snapshot_that_was_never_complete_is_not_passed_over")]
    [TestCase("mV3Ju98ZOfo=", "mV3Ju98ZOQ==", TestName = "A_checksum_of_seven_bytes_is_not_passed_over")]
    [TestCase("mV3Ju98ZOfo=", "not base64", TestName = "A_checksum_that_is_none_is_not_passed_over")]
    [TestCase("3-9-1", "3-9-2", TestName = "A_description_of_another_snapshot_is_not_passed_over")]
    [TestCase("kq4xMjcu", "k64xMjcu", TestName = "Peers_that_end_too_early_are_not_passed_over")]
    [TestCase("\"ID\":\"3-9-1\"", "\"ID\":\"\\ud800\"", TestName = "Text_that_is_none_is_not_passed_over")]
    [TestCase("}", "", TestName = "A_description_that_was_cut_off_is_not_passed_over")]
    public async Task A_description_that_cannot_be_read_is_not_passed_over(string part, string replacement)
    {
        var disk = new FaultDisk();
        string text = Legacy.Replace(part, replacement);
        await SnapshotDirectory.PutAsync(disk, "3-9-1", text, Nine);
        var log = new RecordingLoggerFactory(new VirtualClock());

        var options = new FileSnapshotOptions { LoggerFactory = log };
        if (replacement == "\"Version\":1")
        {
            Assert.That(await (await SnapshotDirectory.OpenAsync(disk, options)).ListAsync(), Has.Count.EqualTo(1));
            Assert.That(log.Last(5), Is.Empty);
        }
        else
        {
            Assert.That(
                async () => await SnapshotDirectory.OpenAsync(disk, options),
                Throws.TypeOf<CorruptStoreException>().With.Message.Contains("/data/snapshots/3-9-1"));
            Assert.That(log.Last(5), Does.Contain("Warning 3000").And.Contain("/data/snapshots/3-9-1"));
        }

        Assert.That(SnapshotDirectory.MetaText(disk, "3-9-1"), Is.EqualTo(text), "it is left as it is");
    }

    [Test]
    public async Task A_description_without_end_is_not_read_into_memory()
    {
        var disk = new FaultDisk();
        await SnapshotDirectory.PutAsync(disk, "3-9-1", Legacy.PadRight((16 << 20) + 1), Nine);

        Assert.That(
            async () => await SnapshotDirectory.OpenAsync(disk),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains("over the limit"));
    }
}
