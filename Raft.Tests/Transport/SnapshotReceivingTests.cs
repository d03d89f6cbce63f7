using Raft.Testing.Contracts;
using Raft.Transport.Tcp;

namespace Raft.Tests.Transport;

/// <summary>The side of the transport that receives a snapshot.</summary>
public sealed class SnapshotReceivingTests
{
    private const int StalledEventId = 2007;
    private const int TooManySnapshotsEventId = 2010;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly InstallSnapshotResponse Refused = new(default(RpcHeader)) { Term = 3 };

    private TestReceiver _receiver = null!;

    [SetUp]
    public void Begin() => _receiver = new();

    [Test]
    public async Task An_answer_leaves_only_behind_the_last_byte_and_the_next_request_is_found_there()
    {
        await using TcpTransport transport = await StartAsync(new());
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);
        byte[] voteAnswer = Requests.Bytes(new RequestVoteResponse(Requests.Header));

        await peer.SendAsync((byte[])[.. Head(1_000_000), .. new byte[999_999]]);
        (await _receiver.NextAsync()).Respond(Refused);
        await Until.TrueAsync(() => transport.Acceptor!.SnapshotCount == 0, "it is answered");
        Assert.That(peer.Available, Is.Zero, "the answer waits");
        await peer.SendAsync((byte[])[7, .. Requests.Bytes(Requests.Vote())]);
        (await _receiver.NextAsync()).Respond(new RequestVoteResponse(Requests.Header));

        byte[] expected = [.. Requests.Bytes(Refused), .. voteAnswer];
        Assert.That(await peer.ReceiveAsync(expected.Length), Is.EqualTo(expected));
        await Until.TrueAsync(() => transport.Acceptor!.Budget.UsedBytes == 0, "all memory is given back");
    }

    [Test]
    public async Task The_bytes_of_a_snapshot_are_held_nowhere_and_its_sender_waits_for_the_reader()
    {
        await using TcpTransport transport = await StartAsync(new());
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);
        const int size = 64 * 1024 * 1024;

        await peer.SendAsync(Head(size));
        IncomingRpc rpc = await _receiver.NextAsync();
        Task sending = peer.SendAsync(new byte[size]);
        byte[] buffer = new byte[100_000];
        await rpc.Body!.ReadAsync(buffer);

        Assert.That(sending.IsCompleted, Is.False, "nobody has read so much");
        Assert.That(transport.Acceptor!.Budget.UsedBytes, Is.Zero);
        for (int count = 1; count > 0; count = await rpc.Body.ReadAsync(buffer).AsTask().WaitAsync(Patience))
        {
        }

        await sending;
    }

    [Test]
    public async Task A_reader_learns_that_the_connection_ended_and_may_answer_all_the_same()
    {
        await using TcpTransport transport = await StartAsync(new());
        IncomingRpc rpc;
        using (RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress))
        {
            await peer.SendAsync((byte[])[.. Head(1000), .. new byte[999]]);
            rpc = await _receiver.NextAsync();
        }

        byte[] buffer = new byte[2000];
        int read = 0;
        var broken = Assert.ThrowsAsync<TransportException>(async () =>
        {
            while (true)
            {
                read += await rpc.Body!.ReadAsync(buffer).AsTask().WaitAsync(Patience);
            }
        });
        await Until.TrueAsync(() => transport.Acceptor!.ConnectionCount == 0, "the connection is gone");
        rpc.Respond(null, "broken");

        Assert.That((read, broken.Failure), Is.EqualTo((999, TransportFailure.Broken)));
        Assert.ThrowsAsync<TransportException>(async () => await rpc.Body!.ReadAsync(buffer));
        Assert.That(transport.Acceptor!.SnapshotCount, Is.Zero);
    }

    [Test]
    public async Task What_is_left_of_an_answered_snapshot_cannot_be_read()
    {
        await using TcpTransport transport = await StartAsync(new());
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);
        await peer.SendAsync(Head(1000));
        IncomingRpc rpc = await _receiver.NextAsync();

        rpc.Respond(Refused);

        Assert.ThrowsAsync<InvalidOperationException>(async () => await rpc.Body!.ReadAsync(new byte[10]));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_snapshot_that_is_neither_read_nor_answered_does_not_keep_the_transport_from_closing(bool isReading)
    {
        TcpTransport transport = await StartAsync(new());
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);
        await peer.SendAsync(Head(long.MaxValue));
        IncomingRpc rpc = await _receiver.NextAsync();
        Task<int> reading = isReading ? rpc.Body!.ReadAsync(new byte[10]).AsTask() : Task.FromResult(0);

        await transport.DisposeAsync().AsTask().WaitAsync(Patience);

        await peer.ExpectEndAsync();
        if (isReading)
        {
            Assert.ThrowsAsync<TransportException>(() => reading.WaitAsync(Patience));
        }

        rpc.Respond(Refused);
        Assert.That(transport.Acceptor!.SnapshotCount, Is.Zero);
    }

    [Test]
    public async Task One_snapshot_too_many_is_closed_until_another_is_answered()
    {
        using var log = new LogLines();
        await using TcpTransport transport = await StartAsync(new() { SnapshotsReceivedMax = 2, LoggerFactory = log });
        using RawPeer first = await RawPeer.ConnectAsync(transport.LocalAddress);
        using RawPeer second = await RawPeer.ConnectAsync(transport.LocalAddress);
        using RawPeer third = await RawPeer.ConnectAsync(transport.LocalAddress);
        using RawPeer fourth = await RawPeer.ConnectAsync(transport.LocalAddress);
        await first.SendAsync(Head(long.MaxValue));
        await second.SendAsync(Head(0));
        IncomingRpc[] rpcs = [await _receiver.NextAsync(), await _receiver.NextAsync()];

        await third.SendAsync(Head(10));
        await third.ExpectEndAsync();
        rpcs[0].Respond(Refused);
        await fourth.SendAsync(Head(0));
        (await _receiver.NextAsync()).Respond(Refused);

        byte[] expected = Requests.Bytes(Refused);
        Assert.That(await fourth.ReceiveAsync(expected.Length), Is.EqualTo(expected));
        Assert.That(log.Count(TooManySnapshotsEventId), Is.EqualTo(1));
        rpcs[1].Respond(Refused);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_snapshot_that_trickles_in_is_closed_although_each_byte_is_progress_of_a_kind(bool isAnswered)
    {
        using var log = new LogLines();
        var clock = new ManualClock();
        await using TcpTransport transport = await StartAsync(new() { TimeProvider = clock, LoggerFactory = log });
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);
        await peer.SendAsync(Head(long.MaxValue));
        IncomingRpc rpc = await _receiver.NextAsync();
        Task reading = isAnswered ? Task.CompletedTask : ReadAllAsync(rpc.Body!);
        if (isAnswered)
        {
            rpc.Respond(Refused);
        }

        for (int i = 0; i < 1000 && log.Count(StalledEventId) == 0; i++)
        {
            try
            {
                await peer.SendAsync(new byte[1]);
            }
            catch (System.Net.Sockets.SocketException)
            {
                // Closed.
            }

            clock.Advance(TimeSpan.FromSeconds(3));
            await Task.Delay(5);
        }

        Assert.That(log.Count(StalledEventId), Is.EqualTo(1));
        await Until.TrueAsync(() => transport.Acceptor!.ConnectionCount == 0, "it is closed");
        if (!isAnswered)
        {
            Assert.ThrowsAsync<TransportException>(() => reading.WaitAsync(Patience));
        }
    }

    [Test]
    public async Task A_slow_handler_costs_its_sender_no_connection()
    {
        var clock = new ManualClock();
        await using TcpTransport transport = await StartAsync(new() { TimeProvider = clock });
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);
        await peer.SendAsync((byte[])[.. Head(1000), .. new byte[1000]]);
        IncomingRpc rpc = await _receiver.NextAsync();

        for (int read = 0; read < 1000;)
        {
            clock.Advance(TimeSpan.FromSeconds(9));
            read += await rpc.Body!.ReadAsync(new byte[10]);
        }

        rpc.Respond(Refused);
        byte[] expected = Requests.Bytes(Refused);
        Assert.That(await peer.ReceiveAsync(expected.Length), Is.EqualTo(expected));
    }

    private static byte[] Head(long size) =>
        Requests.Bytes(new InstallSnapshotRequest(Requests.Header) { Term = 7, Leader = Requests.Header.Address, Size = size });

    private static async Task ReadAllAsync(ISnapshotBody body)
    {
        while (await body.ReadAsync(new byte[100]) > 0)
        {
        }
    }

    private async Task<TcpTransport> StartAsync(TcpTransportOptions options)
    {
        TcpTransport transport = await TcpTransport.ListenAsync(options);
        transport.Start(_receiver);
        return transport;
    }
}
