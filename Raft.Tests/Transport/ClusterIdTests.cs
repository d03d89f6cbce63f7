using Raft.Testing.Contracts;
using Raft.Transport.Tcp;
using Raft.Transport.Tcp.Wire;

namespace Raft.Tests.Transport;

/// <summary>Servers of another cluster are refused, and both sides say so.</summary>
[TestFixture]
public sealed class ClusterIdTests
{
    private const int NotAdmittedEventId = 2014;
    private const int DialledRefusesEventId = 2016;
    private const string Reason = "it belongs to the cluster 'green', and this server to 'blue'";

    private static readonly byte[] Refusal = Requests.Bytes(null, $"connection refused: {Reason}");

    private readonly List<TcpTransport> _created = [];
    private TestReceiver _receiver = null!;
    private LogLines _answererLog = null!;
    private LogLines _askerLog = null!;

    private static IEnumerable<RpcRequest> Kinds =>
    [
        Requests.Append(3, 10), new AppendEntriesRequest(Requests.Header), Requests.Vote(), new RequestPreVoteRequest(Requests.Header),
        new InstallSnapshotRequest(Requests.Header), new TimeoutNowRequest(Requests.Header),
        new TimeoutNowRequest(Requests.Header) { Term = 7 }, new AskRequest(Requests.Header) { Data = new byte[9], Kind = 1 },
    ];

    [SetUp]
    public void Begin()
    {
        (_receiver, _answererLog, _askerLog) = (new(), new(), new());
        _receiver.AnswerAll(static r => r is AppendEntriesRequest ? Requests.Ok : new RequestVoteResponse(Requests.Header));
    }

    [TearDown]
    public async Task EndAsync()
    {
        foreach (TcpTransport transport in _created)
        {
            await transport.DisposeAsync();
        }

        _created.Clear();
        _answererLog.Dispose();
        _askerLog.Dispose();
    }

    [Test]
    public async Task A_server_of_another_cluster_is_refused_before_the_node_hears_of_it_and_both_say_so()
    {
        (TcpTransport asker, TcpTransport answerer, Server target) = await PairAsync("green", "blue");

        var failed = Assert.ThrowsAsync<TransportException>(
            async () => await asker.RequestVoteAsync(target, Requests.Vote(), default));

        Assert.That(failed.Failure, Is.EqualTo(TransportFailure.Unreachable), "nothing of it has reached the node");
        Assert.That(failed.Message, Is.EqualTo($"n2 at {target.Address} refuses this server: {Reason}"));
        Assert.That(
            _askerLog.All.Single(static l => l.Id == DialledRefusesEventId).Text, Does.Contain($"n2 at {target.Address} refuses this server: {Reason}"));
        Assert.That(
            _answererLog.All.Single(static l => l.Id == NotAdmittedEventId).Text, Does.Contain($"nothing of which reaches this node: {Reason}"));
        await Until.TrueAsync(() => answerer.Acceptor!.ConnectionCount == 0, "the connection is closed");
        Assert.That(asker.DialledCount, Is.Zero);
        Assert.That(_receiver.Received, Is.Empty);
        Assert.That(_receiver.Disconnected, Is.Empty);
        Assert.That(answerer.Acceptor!.Budget.UsedBytes, Is.Zero);
    }

    [Test]
    public async Task A_pipeline_and_a_snapshot_to_another_cluster_fail()
    {
        (TcpTransport asker, _, Server target) = await PairAsync("green", "blue");
        await using IAppendPipeline pipeline = await asker.OpenAppendPipelineAsync(target, default);
        await pipeline.SendAsync(Requests.Append(3, 10));

        var ended = Assert.ThrowsAsync<TransportException>(() => pipeline.Responses.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.ThrowsAsync<TransportException>(() => asker.InstallSnapshotAsync(
            target, new InstallSnapshotRequest(Requests.Header) { Size = 3_000_000 }, new TestBody(3_000_000), default).AsTask());

        Assert.That(ended.Message, Does.Contain(Reason));
        Assert.That(_receiver.Received, Is.Empty);
    }

    [TestCase("blue", "blue")]
    [TestCase(null, "blue")]
    [TestCase("blue", null)]
    [TestCase(null, null)]
    public async Task The_same_cluster_and_one_that_is_not_named_are_let_in(string? asks, string? answers)
    {
        (TcpTransport asker, _, Server target) = await PairAsync(asks, answers);

        for (int i = 0; i < 3; i++)
        {
            await asker.RequestVoteAsync(target, Requests.Vote(), default);
        }

        Assert.That(_receiver.Received, Has.Count.EqualTo(3));
        Assert.That(asker.DialledCount, Is.EqualTo(1));
    }

    [Test]
    public async Task What_follows_a_refused_request_reaches_the_node_as_little()
    {
        TcpTransport answerer = await AnswererAsync("blue");
        using RawPeer peer = await RawPeer.ConnectAsync(answerer.LocalAddress);

        await peer.SendAsync((byte[])[.. Bytes(Requests.Vote(), "green"), .. Requests.Bytes(Requests.Vote())]);

        Assert.That(await peer.ReceiveAsync(Refusal.Length), Is.EqualTo(Refusal));
        await peer.SendAsync(Requests.Bytes(Requests.Vote()));
        await peer.ExpectEndAsync();
        Assert.That(_receiver.Received, Is.Empty);
    }

    [Test]
    public async Task Who_stays_although_it_was_refused_is_closed_a_second_later()
    {
        var clock = new ManualClock();
        TcpTransport answerer = await AnswererAsync("blue", clock);
        using RawPeer peer = await RawPeer.ConnectAsync(answerer.LocalAddress);
        await peer.SendAsync(Bytes(Requests.Vote(), "green"));
        Assert.That(await peer.ReceiveAsync(Refusal.Length), Is.EqualTo(Refusal));
        await Until.TrueAsync(() => clock.HasTimer(TimeSpan.FromSeconds(1)), "its time has begun");

        clock.Advance(TimeSpan.FromSeconds(1));

        await peer.ExpectEndAsync();
        await Until.TrueAsync(() => answerer.Acceptor!.ConnectionCount == 0, "it is closed");
        Assert.That(_receiver.Received, Is.Empty);
    }

    [Test]
    public async Task Who_was_let_in_and_names_another_cluster_later_is_refused_then()
    {
        TcpTransport answerer = await AnswererAsync("blue");
        using RawPeer peer = await RawPeer.ConnectAsync(answerer.LocalAddress);
        byte[] answer = Requests.Bytes(new RequestVoteResponse(Requests.Header));
        await peer.SendAsync(Bytes(Requests.Vote(), "blue"));
        Assert.That(await peer.ReceiveAsync(answer.Length), Is.EqualTo(answer));

        await peer.SendAsync(Bytes(Requests.Vote(), "green"));

        Assert.That(await peer.ReceiveAsync(Refusal.Length), Is.EqualTo(Refusal));
        Assert.That(_receiver.Received, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_strangers_name_cannot_forge_lines_of_the_log()
    {
        TcpTransport answerer = await AnswererAsync("blue");
        using RawPeer peer = await RawPeer.ConnectAsync(answerer.LocalAddress);

        await peer.SendAsync(Bytes(Requests.Vote(), "green\nINFO all is well\u2028" + new string('x', 900)));
        await Until.TrueAsync(() => _answererLog.Count(NotAdmittedEventId) == 1, "it is logged");

        string line = _answererLog.All.Single(static l => l.Id == NotAdmittedEventId).Text;
        Assert.That(line, Does.Contain("'green?INFO all is well?xxx").And.Not.Contain("\n").And.Not.Contain("\u2028"));
        Assert.That(line, Has.Length.LessThan(600));
    }

    [TestCaseSource(nameof(Kinds))]
    public async Task The_first_request_of_a_connection_names_the_cluster_and_is_else_as_without_it(RpcRequest request)
    {
        var frame = new RequestFrame(cluster: "blue");
        frame.Encode(request);
        byte[] first = Flat(frame), plain = Requests.Bytes(request);
        frame.Encode(request);

        Assert.That(Flat(frame), Is.EqualTo(plain), "the next one does not");
        int at = first.AsSpan().IndexOf(Key());
        Assert.That(at, Is.Positive);
        byte[] without = [.. first[..at], .. first[(at + Key().Length)..]];
        without[1]--;
        Assert.That(without, Is.EqualTo(plain));
        Assert.That(await Decode.RequestsAsync(first, isEndClean: true), Has.Count.EqualTo(1));
    }

    [TestCase("")]
    [TestCase("two words")]
    [TestCase("grün")]
    [TestCase("a\tb")]
    [TestCase("12345678901234567890123456789012345678901234567890123456789012345")]
    public void A_name_that_is_none_is_refused(string name) =>
        Assert.That(
            async () => await TcpTransport.ListenAsync(new() { ClusterId = name }),
            Throws.InstanceOf<ArgumentException>().With.Message.Contains("give 1 to 64 printable ASCII characters without spaces"));

    private static byte[] Key() => [0xa7, .. "Cluster"u8, 0xa4, .. "blue"u8];

    private static byte[] Bytes(RpcRequest request, string cluster)
    {
        var frame = new RequestFrame(cluster: cluster);
        frame.Encode(request);
        return Flat(frame);
    }

    private static byte[] Flat(RequestFrame frame) => [.. frame.Segments.SelectMany(static s => s.ToArray())];

    private async Task<(TcpTransport Asker, TcpTransport Answerer, Server Target)> PairAsync(string? asks, string? answers)
    {
        TcpTransport answerer = await AnswererAsync(answers);
        TcpTransport asker = await TcpTransport.ListenAsync(new() { ClusterId = asks, LoggerFactory = _askerLog });
        _created.Add(asker);
        return (asker, answerer, new Server("n2", answerer.LocalAddress));
    }

    private async Task<TcpTransport> AnswererAsync(string? clusterId, TimeProvider? clock = null)
    {
        TcpTransport answerer = await TcpTransport.ListenAsync(
            new() { ClusterId = clusterId, LoggerFactory = _answererLog, TimeProvider = clock ?? TimeProvider.System });
        _created.Add(answerer);
        answerer.Start(_receiver);
        return answerer;
    }
}
