using Raft.Testing.Contracts;
using Raft.Transport.Tcp;

namespace Raft.Tests.Transport;

/// <summary>What strangers can hold open at the port, and for how long.</summary>
public sealed class PortLimitTests
{
    private const int StalledEventId = 2007;
    private const int RefusedEventId = 2009;

    private ManualClock _clock = null!;
    private LogLines _log = null!;

    [SetUp]
    public void Begin() => (_clock, _log) = (new(), new());

    [TearDown]
    public void Close() => _log.Dispose();

    [TestCase(0)]
    [TestCase(30)]
    public async Task A_connection_without_a_whole_request_is_closed_after_the_timeout(int sentBytes)
    {
        await using TcpTransport transport = await StartAsync(new() { TimeProvider = _clock, LoggerFactory = _log });
        using RawPeer asked = await RawPeer.ConnectAsync(transport.LocalAddress);
        using RawPeer stalled = await RawPeer.ConnectAsync(transport.LocalAddress);
        await AskAsync(asked);
        await stalled.SendAsync(Requests.Bytes(Requests.Vote()).AsMemory(0, sentBytes));
        await Until.TrueAsync(() => transport.Acceptor!.Budget.UsedBytes == sentBytes, "the part is there");
        await Until.TrueAsync(() => transport.Acceptor!.ConnectionCount == 2, "both are accepted");

        // The reader begins to wait a moment after it took the bytes: only from then on does the time count.
        await AdvanceUntilAsync(() => _log.Count(StalledEventId) > 0, "the stalled one is closed");

        await stalled.ExpectEndAsync();
        await Until.TrueAsync(() => transport.Acceptor!.ConnectionCount == 1, "the one that asked stays");
        await AskAsync(asked);
    }

    [TestCase(0)]
    [TestCase(30)]
    public async Task None_without_a_whole_request_is_left_when_the_timeout_is_over(int sentBytes)
    {
        await using TcpTransport transport = await StartAsync(new() { TimeProvider = _clock, LoggerFactory = _log });
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        using RawPeer stalled = await RawPeer.ConnectAsync(transport.LocalAddress);
        await stalled.SendAsync(Requests.Bytes(Requests.Vote()).AsMemory(0, sentBytes));
        await Until.TrueAsync(
            () => transport.Acceptor!.Budget.UsedBytes == sentBytes && transport.Acceptor.WaitingCount == 1, "the rest is waited for");

        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.That(_log.Count(StalledEventId), Is.Zero, "nearly all of the time is its own");
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.That(_log.Count(StalledEventId), Is.EqualTo(1));
        await stalled.ExpectEndAsync();
        await Until.TrueAsync(() => transport.Acceptor!.ConnectionCount == 0, "it is closed");
    }

    [Test]
    public async Task A_request_that_trickles_in_is_closed_although_each_byte_is_progress_of_a_kind()
    {
        await using TcpTransport transport = await StartAsync(new() { TimeProvider = _clock, LoggerFactory = _log });
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);
        await AskAsync(peer);
        byte[] request = Requests.Bytes(Requests.Append(1, 1000));

        int sent = 0;
        for (; sent < 100 && _log.Count(StalledEventId) == 0; sent++)
        {
            await peer.SendAsync(request.AsMemory(sent, 1));
            await Until.TrueAsync(
                () => transport.Acceptor!.Budget.UsedBytes == sent + 1 || transport.Acceptor.ConnectionCount == 0,
                "the byte is there");
            _clock.Advance(TimeSpan.FromSeconds(3));
        }

        Assert.That(sent, Is.InRange(3, 20));
        await Until.TrueAsync(() => transport.Acceptor!.ConnectionCount == 0, "it is closed");
    }

    [Test]
    public async Task One_connection_too_many_is_closed_at_once_and_the_others_are_served()
    {
        await using TcpTransport transport = await StartAsync(new() { ConnectionsMax = 3, LoggerFactory = _log });
        var peers = new List<RawPeer>();
        try
        {
            for (int i = 0; i < 3; i++)
            {
                peers.Add(await RawPeer.ConnectAsync(transport.LocalAddress));
                await AskAsync(peers[i]);
            }

            for (int i = 0; i < 5; i++)
            {
                using RawPeer refused = await RawPeer.ConnectAsync(transport.LocalAddress);
                await refused.ExpectEndAsync();
            }

            Assert.That(_log.Count(RefusedEventId), Is.InRange(1, 3), "once in a second");
            peers[0].Dispose();
            await Until.TrueAsync(() => transport.Acceptor!.ConnectionCount == 2, "there is room again");
            using RawPeer next = await RawPeer.ConnectAsync(transport.LocalAddress);
            await AskAsync(next);
            await AskAsync(peers[1]);
        }
        finally
        {
            peers.ForEach(static peer => peer.Dispose());
        }
    }

    [Test]
    public async Task Where_strangers_hold_the_places_whoever_comes_gets_that_of_the_one_that_has_said_nothing_for_longest()
    {
        await using TcpTransport transport = await StartAsync(new() { ConnectionsMax = 3, LoggerFactory = _log });
        for (int i = 0; i < 5; i++)
        {
            (await RawPeer.ConnectAsync(transport.LocalAddress)).Dispose();
        }

        using RawPeer server = await RawPeer.ConnectAsync(transport.LocalAddress);
        await AskAsync(server);
        await Until.TrueAsync(() => transport.Acceptor!.ConnectionCount == 1, "who came and went is gone");
        using RawPeer silent = await RawPeer.ConnectAsync(transport.LocalAddress);
        await Until.TrueAsync(() => transport.Acceptor!.ConnectionCount == 2, "it is accepted");
        using RawPeer later = await RawPeer.ConnectAsync(transport.LocalAddress);
        await Until.TrueAsync(() => transport.Acceptor!.ConnectionCount == 3, "it is accepted");

        using RawPeer next = await RawPeer.ConnectAsync(transport.LocalAddress);
        await AskAsync(next);

        await silent.ExpectEndAsync();
        Assert.That(_log.Count(RefusedEventId), Is.EqualTo(1));
        await Until.TrueAsync(() => transport.Acceptor!.ConnectionCount == 3, "there are no more than before");
        await AskAsync(server);
        await AskAsync(later);
    }

    [TestCase(10, true)]
    [TestCase(1000, false)]
    public async Task Idle_connections_are_closed_only_where_they_are_scarce(int connectionsMax, bool isClosed)
    {
        await using TcpTransport transport =
            await StartAsync(new() { ConnectionsMax = connectionsMax, TimeProvider = _clock });
        RawPeer[] peers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => RawPeer.ConnectAsync(transport.LocalAddress)));
        foreach (RawPeer peer in peers)
        {
            await AskAsync(peer);
        }

        // An answer is there before its connection has noticed that it was sent; until then it does not lie idle.
        await Until.TrueAsync(() => transport.Acceptor!.IdleCount == 6, "they wait for the next request");
        for (int minutes = 0; minutes < 4; minutes++)
        {
            _clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.That(transport.Acceptor!.ConnectionCount, Is.EqualTo(6));
        _clock.Advance(TimeSpan.FromMinutes(6));
        await Until.TrueAsync(() => transport.Acceptor.ConnectionCount == (isClosed ? 0 : 6), "they are as they should be");
        Array.ForEach(peers, static peer => peer.Dispose());
    }

    [Test]
    public async Task A_pooled_connection_that_was_closed_for_lying_idle_costs_no_call()
    {
        await using TcpTransport transport = await StartAsync(new() { ConnectionsMax = 1, TimeProvider = _clock });
        await using TcpTransport asker = await TcpTransport.ListenAsync(new());
        var target = new Server("n2", transport.LocalAddress);
        await asker.RequestVoteAsync(target, Requests.Vote(), default);

        await AdvanceUntilAsync(() => transport.Acceptor!.ConnectionCount == 0, "it is closed");
        await asker.RequestVoteAsync(target, Requests.Vote(), default);

        Assert.That(asker.DialledCount, Is.EqualTo(1));
    }

    /// <summary>Prints what a half-open connection costs; the limit leaves room for the runtime's own objects.</summary>
    [Test]
    public async Task Thousands_of_half_open_connections_cost_little_and_are_all_closed_at_their_deadline()
    {
        const int count = 2000;
        const int bytesMax = 12 * 1024;
        await using TcpTransport transport = await StartAsync(new() { TimeProvider = _clock });
        var peers = new List<RawPeer>();
        try
        {
            long silent = await GrowthAsync(transport, peers, count, ReadOnlyMemory<byte>.Empty);
            long half = await GrowthAsync(transport, peers, count, Requests.Bytes(Requests.Vote()).AsMemory(0, 40));
            TestContext.Out.WriteLine($"managed bytes for each silent connection: {silent}, with half a request: {half}");
            Assert.That(Math.Max(silent, half), Is.LessThan(bytesMax));

            await AdvanceUntilAsync(() => transport.Acceptor!.ConnectionCount == 0, "all are closed");
            using RawPeer honest = await RawPeer.ConnectAsync(transport.LocalAddress);
            await AskAsync(honest);
            await Until.TrueAsync(() => transport.Acceptor!.Budget.UsedBytes == 0, "all memory is given back");
        }
        finally
        {
            peers.ForEach(static peer => peer.Dispose());
        }
    }

    // The test's own sockets are made before the first measurement, so that only the transport's side counts.
    private static async Task<long> GrowthAsync(
        TcpTransport transport, List<RawPeer> peers, int count, ReadOnlyMemory<byte> part)
    {
        int before = transport.Acceptor!.ConnectionCount;
        RawPeer[] unconnected = [.. Enumerable.Range(0, count).Select(static _ => new RawPeer())];
        peers.AddRange(unconnected);
        long bytes = GC.GetTotalMemory(forceFullCollection: true);
        foreach (RawPeer peer in unconnected)
        {
            peer.Connect(transport.LocalAddress);
            peer.Send(part.Span);
        }

        await Until.TrueAsync(() => transport.Acceptor!.ConnectionCount == before + count, "all are accepted");
        await Until.TrueAsync(() => transport.Acceptor!.Budget.UsedBytes == part.Length * count, "all parts are there");
        return (GC.GetTotalMemory(forceFullCollection: true) - bytes) / count;
    }

    private static async Task AskAsync(RawPeer peer)
    {
        byte[] answer = Requests.Bytes(new RequestVoteResponse(Requests.Header));
        await peer.SendAsync(Requests.Bytes(Requests.Vote()));
        Assert.That(await peer.ReceiveAsync(answer.Length), Is.EqualTo(answer));
    }

    private static async Task<TcpTransport> StartAsync(TcpTransportOptions options)
    {
        var receiver = new TestReceiver();
        receiver.AnswerAll(static _ => new RequestVoteResponse(Requests.Header));
        TcpTransport transport = await TcpTransport.ListenAsync(options);
        transport.Start(receiver);
        return transport;
    }

    private Task AdvanceUntilAsync(Func<bool> condition, string what) => Until.TrueAsync(
        () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(5));
            return condition();
        },
        what);
}
