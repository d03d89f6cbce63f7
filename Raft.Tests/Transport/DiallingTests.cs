using System.Net;
using System.Net.Sockets;
using Raft.Testing.Contracts;
using Raft.Tests.Support;
using Raft.Transport.Tcp;

namespace Raft.Tests.Transport;

/// <summary>The side of the transport that asks.</summary>
public sealed class DiallingTests
{
    private readonly List<IAsyncDisposable> _created = [];

    [TearDown]
    public async Task DisposeAllAsync()
    {
        foreach (IAsyncDisposable created in _created)
        {
            await created.DisposeAsync();
        }

        _created.Clear();
    }

    [Test]
    public async Task Calls_one_after_the_other_share_one_connection()
    {
        (TcpTransport asker, TcpTransport answerer, Server target, TestReceiver receiver) = await PairAsync(new());
        receiver.AnswerAll(static _ => new RequestVoteResponse(Requests.Header));

        for (int i = 0; i < 20; i++)
        {
            await asker.RequestVoteAsync(target, Requests.Vote(), default);
        }

        Assert.That(answerer.Acceptor!.ConnectionCount, Is.EqualTo(1));
        Assert.That(asker.DialledCount, Is.EqualTo(1));
    }

    [TestCase(0)]
    [TestCase(2)]
    [TestCase(3)]
    [Reference("I5", "d04")]
    public async Task No_more_idle_connections_are_kept_than_the_pool_holds(int poolSize)
    {
        (TcpTransport asker, TcpTransport answerer, Server target, TestReceiver receiver) =
            await PairAsync(new() { PoolSize = poolSize });

        Task<RequestVoteResponse>[] calls =
            [.. Enumerable.Range(0, 8).Select(_ => asker.RequestVoteAsync(target, Requests.Vote(), default).AsTask())];
        IncomingRpc[] rpcs = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => receiver.NextAsync()));
        Assert.That(asker.DialledCount, Is.EqualTo(8));
        Array.ForEach(rpcs, static rpc => rpc.Respond(new RequestVoteResponse(Requests.Header)));
        await Task.WhenAll(calls);

        Assert.That(asker.DialledCount, Is.EqualTo(poolSize));
        await Until.TrueAsync(() => answerer.Acceptor!.ConnectionCount == poolSize, "the others are closed");
    }

    [Test]
    public async Task A_connection_that_was_closed_while_it_lay_idle_costs_no_call()
    {
        (TcpTransport asker, TcpTransport answerer, Server target, TestReceiver receiver) = await PairAsync(new());
        receiver.AnswerAll(static _ => new RequestVoteResponse(Requests.Header));
        await asker.RequestVoteAsync(target, Requests.Vote(), default);

        await answerer.DisposeAsync();
        await ListenAsync(new() { BindAddress = target.Address.ToString() }, receiver);

        await asker.RequestVoteAsync(target, Requests.Vote(), default);
        Assert.That(asker.DialledCount, Is.EqualTo(1));
    }

    [Test]
    public async Task What_lies_idle_at_a_servers_former_address_is_closed()
    {
        (TcpTransport asker, TcpTransport former, Server target, TestReceiver receiver) = await PairAsync(new());
        TcpTransport present = await ListenAsync(new(), receiver);
        receiver.AnswerAll(static _ => new RequestVoteResponse(Requests.Header));
        await asker.RequestVoteAsync(target, Requests.Vote(), default);
        Assert.That(former.Acceptor!.ConnectionCount, Is.EqualTo(1));

        await asker.RequestVoteAsync(new Server(target.Id, present.LocalAddress), Requests.Vote(), default);

        await Until.TrueAsync(() => former.Acceptor!.ConnectionCount == 0, "nobody will ask there again");
        Assert.That(asker.DialledCount, Is.EqualTo(1));
    }

    [Test]
    public async Task An_error_answer_leaves_the_connection_in_the_pool()
    {
        (TcpTransport asker, _, Server target, TestReceiver receiver) = await PairAsync(new());

        for (int i = 0; i < 3; i++)
        {
            Task call = asker.RequestVoteAsync(target, Requests.Vote(), default).AsTask();
            (await receiver.NextAsync()).Respond(null, "no");
            Assert.ThrowsAsync<RemoteRpcException>(() => call);
        }

        Assert.That(asker.DialledCount, Is.EqualTo(1));
    }

    [Test]
    public async Task A_call_fails_when_the_clock_says_so()
    {
        var clock = new ManualClock();
        (TcpTransport asker, _, Server target, TestReceiver receiver) =
            await PairAsync(new() { TimeProvider = clock, Timeout = TimeSpan.FromSeconds(7) });
        Task call = asker.RequestVoteAsync(target, Requests.Vote(), default).AsTask();
        await receiver.NextAsync();

        clock.Advance(TimeSpan.FromSeconds(6));
        Assert.That(call.IsCompleted, Is.False);
        clock.Advance(TimeSpan.FromSeconds(1));

        var failed = Assert.ThrowsAsync<TransportException>(() => call);
        Assert.That(failed.Failure, Is.EqualTo(TransportFailure.TimedOut));
    }

    [Test]
    public async Task A_pipeline_ends_when_no_answer_comes_in_time_but_not_while_none_is_due()
    {
        var clock = new ManualClock();
        (TcpTransport asker, _, Server target, TestReceiver receiver) =
            await PairAsync(new() { TimeProvider = clock, Timeout = TimeSpan.FromSeconds(7) });
        await using IAppendPipeline pipeline = await asker.OpenAppendPipelineAsync(target, default);
        await pipeline.SendAsync(Requests.Append(1, 1));
        (await receiver.NextAsync()).Respond(Requests.Ok);
        await pipeline.Responses.WaitToReadAsync();

        clock.Advance(TimeSpan.FromSeconds(100));
        Assert.That(pipeline.Responses.Completion.IsCompleted, Is.False);
        await pipeline.SendAsync(Requests.Append(1, 1, previousIndex: 1));
        await receiver.NextAsync();
        clock.Advance(TimeSpan.FromSeconds(7));
        pipeline.Responses.TryRead(out _);

        var ended = Assert.ThrowsAsync<TransportException>(() => pipeline.Responses.Completion);
        Assert.That(ended.Failure, Is.EqualTo(TransportFailure.TimedOut));
    }

    [TestCase("", TransportFailure.Closed)]
    [TestCase("a087a441", TransportFailure.Broken)]
    [TestCase("c1", TransportFailure.Malformed)]
    [TestCase("a0c2", TransportFailure.Malformed)]
    [TestCase("a081a45465726dff", TransportFailure.Malformed)]
    [TestCase("dbffffffff", TransportFailure.Malformed)]
    public async Task A_call_says_how_the_connection_ended(string answerHex, TransportFailure expected)
    {
        TcpTransport asker = await ListenAsync(new(), new TestReceiver());
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var target = new Server("odd", listener.LocalEndpoint.ToString());

        Task call = asker.AppendEntriesAsync(target, Requests.Append(1, 1), default).AsTask();
        using (Socket socket = await listener.AcceptSocketAsync())
        {
            await socket.ReceiveAsync(new byte[4096].AsMemory());
            await socket.SendAsync(Convert.FromHexString(answerHex));
        }

        var failed = Assert.ThrowsAsync<TransportException>(() => call.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.That(failed.Failure, Is.EqualTo(expected));
        Assert.That(asker.DialledCount, Is.Zero);
    }

    [Test]
    public async Task Many_large_appends_in_a_row_arrive_whole_and_in_order()
    {
        (TcpTransport asker, _, Server target, TestReceiver receiver) = await PairAsync(new());
        receiver.AnswerAll(static r => Requests.Ok with { LastLog = ((AppendEntriesRequest)r).LastIndex });
        await using IAppendPipeline pipeline = await asker.OpenAppendPipelineAsync(target, default);

        for (ulong i = 0; i < 50; i++)
        {
            await pipeline.SendAsync(Requests.Append(40, 5000, previousIndex: i * 40));
        }

        for (ulong i = 1; i <= 50; i++)
        {
            Assert.That(await pipeline.Responses.WaitToReadAsync(), Is.True);
            Assert.That(pipeline.Responses.TryRead(out AppendEntriesResponse? answer), Is.True);
            Assert.That(answer!.LastLog, Is.EqualTo(i * 40));
        }
    }

    [Test]
    public async Task Disposing_a_pipeline_releases_a_send_that_the_other_side_does_not_take()
    {
        TcpTransport asker = await ListenAsync(new(), new TestReceiver());
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        IAppendPipeline pipeline = await asker.OpenAppendPipelineAsync(
            new Server("deaf", listener.LocalEndpoint.ToString()), default);
        using Socket deaf = await listener.AcceptSocketAsync();
        Task sending = pipeline.SendAsync(Requests.Append(entryCount: 64, dataBytes: 1 << 20)).AsTask();
        Assert.That(sending.IsCompleted, Is.False);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => pipeline.DisposeAsync().AsTask())))
            .WaitAsync(TimeSpan.FromSeconds(20));
        await pipeline.DisposeAsync();

        var failed = Assert.ThrowsAsync<TransportException>(() => sending.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.That(failed.Failure, Is.EqualTo(TransportFailure.Shutdown));
        Assert.That(asker.DialledCount, Is.Zero);
    }

    [TestCase("0.0.0.0:0", null)]
    [TestCase("[::]:0", null)]
    [TestCase("127.0.0.1:0", "0.0.0.0:7000")]
    [TestCase("127.0.0.1:0", "raft-1.example:0")]
    [TestCase("127.0.0.1:0", "raft-1.example")]
    [Reference("I11", "d02")]
    public void An_address_that_nobody_can_dial_is_not_advertised(string bind, string? advertise)
    {
        var error = Assert.ThrowsAsync<ArgumentException>(
            () => TcpTransport.ListenAsync(new() { BindAddress = bind, AdvertiseAddress = advertise }).AsTask());
        Assert.That(error.Message, Does.Contain("AdvertiseAddress"));
    }

    [Test]
    [Reference("I11", "d02")]
    public async Task The_advertised_address_is_the_one_others_are_told()
    {
        await using TcpTransport transport =
            await TcpTransport.ListenAsync(new() { BindAddress = "0.0.0.0:0", AdvertiseAddress = "raft-1.example:7000" });
        Assert.That(transport.LocalAddress.ToString(), Is.EqualTo("raft-1.example:7000"));
    }

    [Test]
    public async Task A_port_that_is_taken_is_named_with_the_reason()
    {
        TcpTransport first = await ListenAsync(new(), new TestReceiver());

        var error = Assert.ThrowsAsync<RaftException>(
            () => TcpTransport.ListenAsync(new() { BindAddress = first.LocalAddress.ToString() }).AsTask());

        Assert.That(error.Message, Does.Contain(first.LocalAddress.ToString()).And.Contain("in use"));
    }

    private async Task<(TcpTransport Asker, TcpTransport Answerer, Server Target, TestReceiver Receiver)> PairAsync(
        TcpTransportOptions options)
    {
        var receiver = new TestReceiver();
        TcpTransport answerer = await ListenAsync(new(), receiver);
        TcpTransport asker = await ListenAsync(options, new TestReceiver());
        return (asker, answerer, new Server("answerer", answerer.LocalAddress), receiver);
    }

    private async Task<TcpTransport> ListenAsync(TcpTransportOptions options, IRpcReceiver receiver)
    {
        TcpTransport transport = await TcpTransport.ListenAsync(options);
        transport.Start(receiver);
        _created.Add(transport);
        return transport;
    }
}
