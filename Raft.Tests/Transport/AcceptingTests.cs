using Raft.Testing.Contracts;
using Raft.Tests.Golden;
using Raft.Tests.Support;
using Raft.Transport.Tcp;
using Raft.Transport.Tcp.Accepting;

namespace Raft.Tests.Transport;

/// <summary>The side of the transport that is asked.</summary>
public sealed class AcceptingTests
{
    private const int MalformedEventId = 2003;

    [Test]
    [Reference("I3")]
    public async Task Requests_are_delivered_while_earlier_ones_wait_and_answers_leave_in_order()
    {
        var receiver = new TestReceiver();
        await using TcpTransport transport = await StartAsync(receiver);
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);

        await peer.SendAsync((byte[])[.. VoteBytes(1), .. VoteBytes(2), .. VoteBytes(3)]);
        IncomingRpc[] rpcs = [await receiver.NextAsync(), await receiver.NextAsync(), await receiver.NextAsync()];
        rpcs[2].Respond(Answer(3));
        rpcs[0].Respond(Answer(1));
        rpcs[1].Respond(null, "no");

        byte[] expected = [.. Requests.Bytes(Answer(1)), .. Requests.Bytes(null, "no"), .. Requests.Bytes(Answer(3))];
        Assert.That(await peer.ReceiveAsync(expected.Length), Is.EqualTo(expected));
    }

    [Test]
    public async Task Answers_that_are_ready_together_leave_in_one_send()
    {
        var receiver = new TestReceiver();
        receiver.AnswerAll(static r => Answer(((RequestVoteRequest)r).Term));
        byte[] bytes = [.. Enumerable.Range(1, 3).SelectMany(i => VoteBytes((ulong)i))];
        using var connection = new ScriptedConnection(bytes);

        await new AcceptedConnection(connection, Context(receiver, new())).RunAsync();

        Assert.That(connection.Sent, Is.EqualTo(Enumerable.Range(1, 3).SelectMany(i => Requests.Bytes(Answer((ulong)i)))));
        Assert.That(connection.SendCount, Is.EqualTo(1));
    }

    [Test]
    public async Task No_more_requests_are_taken_while_too_many_wait_for_their_answers()
    {
        var receiver = new TestReceiver();
        await using TcpTransport transport = await StartAsync(receiver, new() { UnansweredMax = 4 });
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);

        await peer.SendAsync(Enumerable.Range(1, 10).SelectMany(i => VoteBytes((ulong)i)).ToArray());
        var rpcs = new List<IncomingRpc>();
        for (int i = 0; i < 4; i++)
        {
            rpcs.Add(await receiver.NextAsync());
        }

        Assert.That(receiver.Received, Has.Count.EqualTo(4));
        rpcs[0].Respond(Answer(1));
        Assert.That((await receiver.NextAsync()).Request, Is.EqualTo(Requests.Vote(5)));
        Assert.That(receiver.Received, Has.Count.EqualTo(5));
    }

    [TestCase("09 80", TestName = "An unknown type of RPC closes the connection without an answer")]
    [TestCase("01 98 00 00 00 00 00 00 00 00", TestName = "A request as an array closes the connection without an answer")]
    [TestCase("00 c1", TestName = "What is no msgpack closes the connection without an answer")]
    public async Task Malformed(string hex)
    {
        using var log = new LogLines();
        var receiver = new TestReceiver();
        await using TcpTransport transport = await StartAsync(receiver, new() { LoggerFactory = log });
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);

        await peer.SendAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

        await peer.ExpectEndAsync();
        Assert.That(receiver.Received, Is.Empty);
        Assert.That(log.Count(MalformedEventId), Is.EqualTo(1));
    }

    [Test]
    public async Task A_scanner_of_ports_does_not_fill_the_log()
    {
        using var log = new LogLines();
        var clock = new ManualClock();
        AcceptorContext context = Context(new TestReceiver(), new() { LoggerFactory = log, TimeProvider = clock }, log);

        for (int i = 0; i < 100; i++)
        {
            using var connection = new ScriptedConnection("GET / HTTP/1.1"u8.ToArray());
            await new AcceptedConnection(connection, context).RunAsync();
        }

        clock.Advance(TimeSpan.FromSeconds(2));
        using var last = new ScriptedConnection("GET / HTTP/1.1"u8.ToArray());
        await new AcceptedConnection(last, context).RunAsync();

        string[] lines = [.. log.All.Where(static l => l.Id == MalformedEventId).Select(static l => l.Text)];
        Assert.That(lines, Has.Length.EqualTo(2));
        Assert.That(lines[1], Does.Contain("99 more"));
    }

    [Test]
    public async Task A_request_of_64_entries_of_3_MiB_is_accepted()
    {
        const int entryBytes = 3 * 1024 * 1024;
        var receiver = new TestReceiver();
        await using TcpTransport transport = await StartAsync(receiver);
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);
        byte[] data = new byte[entryBytes];
        Array.Fill(data, (byte)'x');

        // Only the data is large, and the same for all entries: the sender's copies would double the test's memory.
        byte[] head = Requests.Bytes(Requests.Append(entryCount: 64, dataBytes: 0));
        int from = 0;
        for (int i = 0; i < 64; i++)
        {
            int at = head.AsSpan(from).IndexOf("Data"u8) + from + 4;
            Assert.That(head[at], Is.EqualTo(0xa0), "the empty data");
            await peer.SendAsync(head.AsMemory(from..at));
            await peer.SendAsync(new byte[] { 0xdb, 0x00, 0x30, 0x00, 0x00 });
            await peer.SendAsync(data);
            from = at + 1;
        }

        await peer.SendAsync(head.AsMemory(from));
        IncomingRpc rpc = await receiver.NextAsync();

        LogEntry[] entries = [.. MessageAssert.Flatten(((AppendEntriesRequest)rpc.Request).Entries)];
        Assert.That(entries, Has.Length.EqualTo(64));
        Assert.That(entries, Has.All.Matches<LogEntry>(e => e.Data.Span.SequenceEqual(data)));
        Assert.That(transport.Acceptor!.Budget.UsedBytes, Is.GreaterThan(64L * entryBytes));
        rpc.Respond(Requests.Ok);
        byte[] expected = Requests.Bytes(Requests.Ok);
        Assert.That(await peer.ReceiveAsync(expected.Length), Is.EqualTo(expected));
        await Until.TrueAsync(() => transport.Acceptor!.Budget.UsedBytes == 0, "all memory is given back");
    }

    [Test]
    public async Task Disposing_closes_accepted_connections_and_late_answers_go_nowhere()
    {
        var receiver = new TestReceiver();
        TcpTransport transport = await StartAsync(receiver);
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);
        await peer.SendAsync(VoteBytes(1));
        IncomingRpc rpc = await receiver.NextAsync();

        await transport.DisposeAsync();
        rpc.Respond(Answer(1));

        await peer.ExpectEndAsync();
        Assert.That(transport.Acceptor!.ConnectionCount, Is.Zero);
        Assert.That(transport.Acceptor.Budget.UsedBytes, Is.Zero);
    }

    private static RequestVoteResponse Answer(ulong term) => new(Requests.Header) { Term = term, Granted = true };

    private static byte[] VoteBytes(ulong term) => Requests.Bytes(Requests.Vote(term));

    private static AcceptorContext Context(IRpcReceiver receiver, TcpTransportOptions options, LogLines? log = null) =>
        new(receiver, options, Requests.NoMeter, log ?? options.LoggerFactory.CreateLogger("test"));

    private static async Task<TcpTransport> StartAsync(IRpcReceiver receiver, TcpTransportOptions? options = null)
    {
        TcpTransport transport = await TcpTransport.ListenAsync(options ?? new());
        transport.Start(receiver);
        return transport;
    }
}
