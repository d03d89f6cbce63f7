using System.Net;
using System.Net.Sockets;
using Raft.Testing.Contracts;
using Raft.Transport.Tcp;
using Raft.Transport.Tcp.Accepting;

namespace Raft.Tests.Transport;

/// <summary>What the transport tells of servers whose connections have ended, and of ports.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DisconnectionTests
{
    private readonly TestReceiver _receiver = new();
    private readonly LogLines _log = new();
    private TcpTransport _transport = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _transport = await TcpTransport.ListenAsync(new() { LoggerFactory = _log });
        _receiver.AnswerAll(static _ => new RequestVoteResponse(Requests.Header));
        _transport.Start(_receiver);
    }

    [TearDown]
    public async Task EndAsync()
    {
        await _transport.DisposeAsync();
        _log.Dispose();
    }

    [Test]
    public async Task A_servers_end_is_told_once_its_last_connection_has_ended()
    {
        RawPeer first = await AskAsync("a");
        RawPeer second = await AskAsync("a");
        first.Dispose();
        await Until.TrueAsync(() => _transport.Acceptor!.ConnectionCount == 1, "the first has ended");
        Assert.That(_receiver.Disconnected, Is.Empty);

        second.Dispose();

        await Until.TrueAsync(() => _receiver.Disconnected.Count > 0, "it is told");
        Assert.That(_receiver.Disconnected, Is.EqualTo(new ServerId[] { "a" }));
    }

    [Test]
    public async Task A_connection_that_named_several_counts_for_each()
    {
        RawPeer both = await AskAsync("a", "b", "a");
        RawPeer one = await AskAsync("b");

        both.Dispose();
        await Until.TrueAsync(() => _receiver.Disconnected.Count > 0, "the end of one is told");
        ServerId[] then = [.. _receiver.Disconnected];
        one.Dispose();
        await Until.TrueAsync(() => _receiver.Disconnected.Count > 1, "the end of the other is told");

        Assert.That(then, Is.EqualTo(new ServerId[] { "a" }));
        Assert.That(_receiver.Disconnected, Is.EqualTo(new ServerId[] { "a", "b" }));
    }

    [Test]
    public async Task Names_take_no_more_memory_than_connections_do()
    {
        RawPeer peer = await AskAsync([.. Enumerable.Range(0, 100).Select(i => $"random-{i}")]);

        Assert.That(Peers.Count, Is.EqualTo(ConnectionNames.NamesMax));
        peer.Dispose();
        await Until.TrueAsync(() => Peers.Count == 0, "all are forgotten");
        using RawPeer again = await AskAsync("a");
        Assert.That(Peers.Count, Is.EqualTo(1));
    }

    [Test]
    public async Task Requests_without_a_name_name_nobody()
    {
        RawPeer nameless = await AskAsync("", "");
        Assert.That(Peers.Count, Is.Zero);

        nameless.Dispose();
        await Until.TrueAsync(() => _transport.Acceptor!.ConnectionCount == 0, "it has ended");

        Assert.That(_receiver.Disconnected, Is.Empty);
    }

    [Test]
    public async Task A_transport_that_is_disposed_tells_nothing()
    {
        using RawPeer peer = await AskAsync("a");

        await _transport.DisposeAsync();

        Assert.That((Peers.Count, _receiver.Disconnected.Count), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task Connections_that_this_side_closes_have_ended_too()
    {
        using RawPeer peer = await AskAsync("a");

        _transport.CloseStreams();

        await Until.TrueAsync(() => _receiver.Disconnected.Count == 1, "it is told");
    }

    [Test]
    public async Task The_end_of_a_process_is_told_after_all_that_it_had_sent()
    {
        using var peer = await RawPeer.ConnectAsync(_transport.LocalAddress);

        await peer.SendAndEndAsync(Enumerable.Range(1, 50).SelectMany(i => Requests.Bytes(Named("a", (ulong)i))).ToArray());

        await Until.TrueAsync(() => _receiver.Disconnected.Count == 1, "it is told");
        Assert.That(_receiver.Received, Has.Count.EqualTo(50));
    }

    [Test]
    public async Task A_probe_of_a_server_that_listens_connects_and_leaves_nothing_behind_there()
    {
        await using TcpTransport prober = await TcpTransport.ListenAsync(new());

        for (int i = 0; i < 20; i++)
        {
            Assert.That(await ProbeAsync(prober, _transport.LocalAddress), Is.EqualTo(ConnectOutcome.Connected));
        }

        await Until.TrueAsync(() => _transport.Acceptor!.ConnectionCount == 0, "none is left");
        Assert.That(prober.DialledCount, Is.Zero);
        Assert.That(_log.All.Where(l => l.Text.Contains("rror", StringComparison.Ordinal)), Is.Empty);
        Assert.That(_log.All.Select(l => l.Id), Is.All.AnyOf(2000, 2002, 2004), "it connected, and ended");
        Assert.That(_receiver.Disconnected, Is.Empty);
    }

    [Test]
    public async Task A_probe_of_a_port_at_which_nothing_listens_is_refused()
    {
        await using TcpTransport prober = await TcpTransport.ListenAsync(new());
        ServerAddress address = _transport.LocalAddress;
        await _transport.DisposeAsync();

        Assert.That(await ProbeAsync(prober, address), Is.EqualTo(ConnectOutcome.Refused));
    }

    [Test]
    public async Task A_probe_that_hangs_or_is_cancelled_or_of_a_name_that_is_none_tells_nothing()
    {
        var layer = new FailingLayer(async token =>
        {
            await Task.Delay(Timeout.Infinite, token);
            throw new IOException("not reached");
        });
        await using TcpTransport hanging = await TcpTransport.ListenAsync(new() { StreamLayer = layer });
        await using TcpTransport prober = await TcpTransport.ListenAsync(new());
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        Assert.That(await ProbeAsync(hanging, "10.0.0.1:9"), Is.EqualTo(ConnectOutcome.Unknown));
        Assert.That(await ProbeAsync(prober, "nowhere"), Is.EqualTo(ConnectOutcome.Unknown));
        Assert.That(
            await prober.ProbeAsync(new Server("x", _transport.LocalAddress), cancelled.Token), Is.EqualTo(ConnectOutcome.Unknown));
        await prober.DisposeAsync();
        Assert.That(await ProbeAsync(prober, _transport.LocalAddress), Is.EqualTo(ConnectOutcome.Unknown));
    }

    [TestCase(SocketError.ConnectionRefused, ConnectOutcome.Refused)]
    [TestCase(SocketError.HostUnreachable, ConnectOutcome.Unknown)]
    [TestCase(SocketError.ConnectionReset, ConnectOutcome.Unknown)]
    [TestCase(SocketError.TimedOut, ConnectOutcome.Unknown)]
    public async Task Through_a_layer_of_the_users_own_only_a_refusal_of_the_socket_is_one(SocketError error, ConnectOutcome expected)
    {
        var layer = new FailingLayer(_ => throw new IOException("handshake", new InvalidDataException("inner", new SocketException((int)error))));
        await using TcpTransport prober = await TcpTransport.ListenAsync(new() { StreamLayer = layer });

        Assert.That(await ProbeAsync(prober, _transport.LocalAddress), Is.EqualTo(expected));
    }

    [Test]
    public async Task A_probe_goes_where_the_address_provider_says()
    {
        var provider = new Moved(_transport.LocalAddress);
        await using TcpTransport prober = await TcpTransport.ListenAsync(new() { AddressProvider = provider });
        ServerAddress nobody = $"127.0.0.1:{Support.TestPorts.Take(1)[0]}";

        Assert.That(await ProbeAsync(prober, nobody), Is.EqualTo(ConnectOutcome.Connected));
    }

    private NamedPeers Peers => _transport.Acceptor!.Peers;

    private static RequestVoteRequest Named(string id, ulong term) =>
        new(new RpcHeader(3, id, "127.0.0.1:9001")) { Term = term, Candidate = "127.0.0.1:9001" };

    private static async Task<ConnectOutcome> ProbeAsync(TcpTransport prober, ServerAddress address) =>
        await prober.ProbeAsync(new Server("x", address), CancellationToken.None);

    private async Task<RawPeer> AskAsync(params string[] names)
    {
        int before = _receiver.Received.Count;
        RawPeer peer = await RawPeer.ConnectAsync(_transport.LocalAddress);
        await peer.SendAsync(names.SelectMany(n => Requests.Bytes(Named(n, 1))).ToArray());
        await Until.TrueAsync(() => _receiver.Received.Count == before + names.Length, "all have come");
        return peer;
    }

    private sealed class Moved(ServerAddress address) : IServerAddressProvider
    {
        public ServerAddress FindAddress(ServerId server) => address;
    }

    private sealed class FailingLayer(Func<CancellationToken, ValueTask<IStreamConnection>> dial) : IStreamLayer
    {
        public IStreamListener Listen(IPEndPoint endPoint) => new SocketStreamLayer().Listen(endPoint);

        public ValueTask<IStreamConnection> DialAsync(Server server, CancellationToken cancellationToken) => dial(cancellationToken);
    }
}
