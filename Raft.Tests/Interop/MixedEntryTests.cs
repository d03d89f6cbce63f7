using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Interop;

/// <summary>Entries of every shape from one kind of server to the other, by each protocol version.</summary>
[Category("Interop")]
public sealed class MixedEntryTests
{
    private const string Id = "a-server-of-this-library-with-a-name-of-more-than-31-bytes";

    // Around each length at which the encoding of bytes changes, and as large as hashicorp/raft advises.
    private static readonly int[] Lengths = [0, 1, 31, 32, 255, 256, 65_535, 65_536, 512 * 1024];

    [SetUp]
    public void RequireGo() => GoPeerRequired.OrSkip();

    [Test]
    [Reference("M5", "c23")]
    public async Task Entries_of_a_Go_leader_arrive_as_they_were()
    {
        await using var cluster = new MixedCluster();
        GoMember leader = cluster.AddGo();
        await MixedCluster.FoundAsync(leader);
        await cluster.LeaderAsync();
        await using LibraryServer follower = await LibraryServer.StartAsync(static _ => new RaftConfig { LocalId = Id });
        await leader.AddVoterAsync(Id, follower.Address);

        bool keepsEmpty = await leader.KeepsEmptyAsync();
        foreach ((byte[]? data, byte[]? extensions) in Shapes(withNil: true))
        {
            await leader.ApplyLogAsync(data, extensions);
        }

        Assert.That(await leader.TryBarrierAsync(), Is.True);
        IReadOnlyList<ShownEntry> expected = await leader.ShownEntriesAsync();
        IReadOnlyList<ShownEntry> arrived = await follower.EntriesAsync(expected[^1].Index);
        Assert.That(arrived, Is.EqualTo(expected));
        Assert.That(
            Comparable(arrived.Where(e => e.Type == LogType.Command), keepsEmpty).Select(e => (e.Data, e.Extensions)),
            Is.EqualTo(Shapes(withNil: true).Select(s => (Digits(s.Data, keepsEmpty), Digits(s.Extensions, keepsEmpty)))));
        Assert.That(leader.Errors, Does.Contain($"pipelining replication: peer=\"{{Voter {Id}"));
    }

    [TestCase(2, LogTimeFormat.GoBinary)]
    [TestCase(130, LogTimeFormat.GoBinary)]
    [TestCase(4, LogTimeFormat.Timestamp)]
    [Reference("M5", "c23")]
    public async Task Entries_of_ours_arrive_at_a_Go_follower_as_they_were(int window, LogTimeFormat format)
    {
        await using var cluster = new MixedCluster();
        GoMember follower = cluster.AddGo();
        await follower.StartAsync();
        await using LibraryServer leader = await LibraryServer.StartAsync(_ => new RaftConfig
        {
            LocalId = Id,
            LogTimeFormat = format,
            Limits = new RaftLimits { InFlightCountMax = window },
        });
        await leader.Node.BootstrapClusterAsync(new ClusterConfiguration(new Server(Id, leader.Address)));
        await leader.LeadsAsync();
        await leader.Node.AddVoterAsync(follower.Id, follower.Address);

        // All at once, so that the window fills.
        await Task.WhenAll(Shapes(withNil: false).Select(s => leader.Node.ApplyLogAsync(s.Data, s.Extensions).AsTask()));
        await Task.WhenAll(Enumerable.Range(0, 2000).Select(i => leader.Node.ApplyAsync(new byte[i]).AsTask()));
        ulong last = (await leader.Node.BarrierAsync()).Index;

        IReadOnlyList<ShownEntry> sent = await leader.EntriesAsync(last);
        await Eventually.HoldsAsync("it has all of them", async () => await follower.LastIndexAsync() == last);
        bool keepsEmpty = await follower.KeepsEmptyAsync();
        Assert.That(Comparable(await follower.ShownEntriesAsync(), keepsEmpty), Is.EqualTo(Comparable(sent, keepsEmpty)));
    }

    [TestCase(2, 2, true)]
    [TestCase(2, 2, false)]
    [TestCase(2, 3, true)]
    [TestCase(3, 2, false)]
    [Reference("M5", "c23")]
    public async Task Servers_of_protocol_versions_2_and_3_lead_each_other(int goProtocol, int ourProtocol, bool isGoLeader)
    {
        // Leadership is not handed over in version 2: who is to lead is the first to grow impatient.
        await using var cluster = new MixedCluster { HeartbeatMs = isGoLeader ? 500 : 20_000 };
        GoMember go = cluster.AddGoNamedByAddress($"-protocol={goProtocol}");
        TimeSpan patience = isGoLeader ? TimeSpan.FromSeconds(20) : TimeSpan.FromMilliseconds(500);
        await go.StartAsync();
        await using LibraryServer ours = await LibraryServer.StartAsync(address => new RaftConfig
        {
            LocalId = address,
            ProtocolVersion = ourProtocol,
            HeartbeatTimeout = patience,
            ElectionTimeout = patience,
        });
        ClusterConfiguration founders = new(new Server(ours.Address, ours.Address), new Server(go.Id, go.Address));
        ulong last;
        if (isGoLeader)
        {
            // Below version 3 its first entry is a list of peers, of a type that is obsolete otherwise.
            await go.BootstrapAsync(founders);
            await cluster.LeaderAsync();
            await go.WriteManyAsync([("key", "value")]);
            Assert.That(await go.TryBarrierAsync(), Is.True);
            last = await go.LastIndexAsync();
        }
        else
        {
            await ours.Node.BootstrapClusterAsync(founders);
            await ours.LeadsAsync();
            await ours.Node.ApplyAsync("{\"op\":\"set\",\"key\":\"key\",\"value\":\"value\"}"u8.ToArray());
            last = (await ours.Node.BarrierAsync()).Index;
        }

        IReadOnlyList<ShownEntry> held = await ours.EntriesAsync(last);
        await Eventually.HoldsAsync("the state is there", async () => await go.ReadAsync("key") == "value");
        Assert.That(await go.ShownEntriesAsync(), Is.EqualTo(held));
        Assert.That((await ours.Node.GetConfigurationAsync()).Configuration, Is.EqualTo(founders));
    }

    private static IEnumerable<(byte[]? Data, byte[]? Extensions)> Shapes(bool withNil)
    {
        // The library says nil of extensions that are empty, and never of a command.
        foreach (int length in Lengths)
        {
            yield return (Bytes(length), withNil || length > 0 ? Bytes(length) : null);
            yield return (Bytes(length), null);
        }

        yield return (Bytes(3), Bytes(40));
        if (withNil)
        {
            yield return (null, null);
            yield return (null, Bytes(5));
        }
    }

    private static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static string Digits(byte[]? bytes, bool keepsEmpty) =>
        bytes is null || (bytes.Length == 0 && !keepsEmpty) ? ShownEntry.Nil : Convert.ToHexStringLower(bytes);

    /// <summary>Entries as a version of Go can tell them apart.</summary>
    private static IEnumerable<ShownEntry> Comparable(IEnumerable<ShownEntry> entries, bool keepsEmpty) =>
        keepsEmpty ? entries : entries.Select(static e => e with
        {
            Data = e.Data.Length == 0 ? ShownEntry.Nil : e.Data,
            Extensions = e.Extensions.Length == 0 ? ShownEntry.Nil : e.Extensions,
        });
}
