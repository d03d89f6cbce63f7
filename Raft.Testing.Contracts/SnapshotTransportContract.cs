using NUnit.Framework;
using static Raft.Testing.Contracts.TestMessages;

namespace Raft.Testing.Contracts;

/// <summary>What a node relies on where its transport carries a snapshot. A part of <see cref="TransportContract"/>.</summary>
public abstract class SnapshotTransportContract : TransportFixture
{
    /// <summary>More than any system keeps for a connection: a sender that is not read from waits.</summary>
    private const long HugeBytes = 64L * 1024 * 1024;

    private static readonly InstallSnapshotResponse Installed = new(default(RpcHeader)) { Term = 9, Success = true };

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(100 * 1024)]
    [TestCase(5 * 1024 * 1024)]
    public async Task A_snapshot_arrives_whole_with_all_fields_of_its_request_and_its_answer_comes_back(int size)
    {
        var (asker, target, receiver) = await PairAsync();
        InstallSnapshotRequest request = Request(size);

        Task<InstallSnapshotResponse> call = asker.InstallSnapshotAsync(target, request, new TestBody(size), default).AsTask();
        IncomingRpc rpc = await receiver.NextAsync();
        long read = await ReadAsync(rpc.Body!, long.MaxValue, static () => 81_920);
        int more = await rpc.Body!.ReadAsync(new byte[1]);
        rpc.Respond(Installed);

        var received = (InstallSnapshotRequest)rpc.Request;
        Assert.That(received with { Peers = null, Configuration = null }, Is.EqualTo(request with { Peers = null, Configuration = null }));
        Assert.That(received.Configuration!.Value.ToArray(), Is.EqualTo(request.Configuration!.Value.ToArray()));
        Assert.That((read, more), Is.EqualTo((size, 0)));
        Assert.That(await call.WaitAsync(Patience), Is.EqualTo(Installed));
    }

    [Test]
    public async Task The_sizes_in_which_a_snapshot_is_written_and_read_do_not_matter()
    {
        const int size = 700_001;
        var (asker, target, receiver) = await PairAsync();
        var random = new Random(5);

        Task call = asker.InstallSnapshotAsync(target, Request(size), new TestBody(size) { PieceBytes = 4099 }, default).AsTask();
        IncomingRpc rpc = await receiver.NextAsync();
        long read = await ReadAsync(rpc.Body!, long.MaxValue, () => random.Next(1, random.Next(2, 50_000)));
        rpc.Respond(Installed);

        Assert.That(read, Is.EqualTo(size));
        await call.WaitAsync(Patience);
    }

    [TestCase(0L)]
    [TestCase(100_000L)]
    public async Task An_answer_before_the_end_of_the_snapshot_is_the_answer_and_the_next_call_works(long readBefore)
    {
        const int size = 3_000_000;
        var (asker, target, receiver) = await PairAsync();

        Task<InstallSnapshotResponse> call = asker.InstallSnapshotAsync(target, Request(size), new TestBody(size), default).AsTask();
        IncomingRpc rpc = await receiver.NextAsync();
        await ReadAsync(rpc.Body!, readBefore, static () => 10_000);
        rpc.Respond(Installed with { Success = false });
        InstallSnapshotResponse answer = await call.WaitAsync(Patience);
        Task next = asker.RequestVoteAsync(target, new RequestVoteRequest(Asker), default).AsTask();
        (await receiver.NextAsync()).Respond(new RequestVoteResponse(Answerer));

        Assert.That(answer, Is.EqualTo(Installed with { Success = false }));
        await next.WaitAsync(Patience);
    }

    [Test]
    public async Task An_error_of_the_receiver_arrives_as_its_text()
    {
        const int size = 300_000;
        var (asker, target, receiver) = await PairAsync();

        Task call = asker.InstallSnapshotAsync(target, Request(size), new TestBody(size), default).AsTask();
        IncomingRpc rpc = await receiver.NextAsync();
        await ReadAsync(rpc.Body!, 50_000, static () => 50_000);
        rpc.Respond(null, "no room for it");

        var error = Assert.ThrowsAsync<RemoteRpcException>(() => call.WaitAsync(Patience));
        Assert.That(error.Message, Is.EqualTo("no room for it"));
    }

    [TestCase(0, true)]
    [TestCase(500_000, true)]
    [TestCase(1_000_000, true)]
    [TestCase(0, false)]
    [TestCase(999_999, false)]
    [TestCase(1_000_001, false)]
    public async Task A_snapshot_that_cannot_be_read_or_has_another_size_ends_the_call_and_is_never_received_whole(
        int realSize, bool fails)
    {
        const int size = 1_000_000;
        var (asker, target, receiver) = await PairAsync();
        var failure = new StoreException("the disk is broken");
        var body = new TestBody(size) { Size = realSize, Failure = fails ? failure : null };

        Task call = asker.InstallSnapshotAsync(target, Request(size), body, default).AsTask();
        Task<long> received = ReceiveAsync(receiver);

        var thrown = Assert.ThrowsAsync<StoreException>(() => call.WaitAsync(Patience));
        Assert.That(thrown, fails ? Is.SameAs(failure) : Is.Not.SameAs(failure));
        await ExpectBreakAsync(received);
        Assert.That(body.IsBeingRead, Is.False);

        // Where nothing could be read, the request may not have been sent at all.
        async Task<long> ReceiveAsync(TestReceiver from)
        {
            Task<IncomingRpc> next = from.NextAsync();
            await Task.WhenAny(next, Task.WhenAny(call));
            if (!next.IsCompleted && MayLoseWhatWasSent)
            {
                // What has not come until it is closed does not come any more.
                await Created[1].DisposeAsync();
            }

            return next.IsCompleted || from.Received.Count > 0 || (realSize > 0 && !MayLoseWhatWasSent)
                ? await ReadAsync((await next).Body!, long.MaxValue, static () => 70_000)
                : throw new TransportException(TransportFailure.Broken, "nothing was sent");
        }
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_snapshot_breaks_off_when_either_side_goes_away(bool isSender)
    {
        var (asker, target, receiver) = await PairAsync();
        var body = new TestBody(HugeBytes);
        Task call = asker.InstallSnapshotAsync(target, Request(HugeBytes), body, default).AsTask();
        IncomingRpc rpc = await receiver.NextAsync();
        long read = await ReadAsync(rpc.Body!, 1_000_000, static () => 10_000);

        await Created[isSender ? 0 : 1].DisposeAsync();

        var failed = Assert.ThrowsAsync<TransportException>(() => call.WaitAsync(Patience));
        Assert.That(failed.Failure, isSender
            ? Is.EqualTo(TransportFailure.Shutdown) : Is.AnyOf(TransportFailure.Closed, TransportFailure.Broken));
        await ExpectBreakAsync(ReadAsync(rpc.Body!, long.MaxValue, static () => 100_000, from: read));
        Assert.That(body.IsBeingRead, Is.False);
    }

    [Test]
    public async Task A_snapshot_that_is_cancelled_ends_for_both_sides_and_its_body_is_not_read_any_more()
    {
        var (asker, target, receiver) = await PairAsync();
        using var cancellation = new CancellationTokenSource();
        var body = new TestBody(HugeBytes);
        Task call = asker.InstallSnapshotAsync(target, Request(HugeBytes), body, cancellation.Token).AsTask();
        IncomingRpc rpc = await receiver.NextAsync();
        long read = await ReadAsync(rpc.Body!, 1_000_000, static () => 10_000);

        await cancellation.CancelAsync();
        var cancelled = Assert.ThrowsAsync<TransportException>(() => call.WaitAsync(Patience));
        long position = body.Position;

        await ExpectBreakAsync(ReadAsync(rpc.Body!, long.MaxValue, static () => 100_000, from: read));
        Assert.That(cancelled.Failure, Is.EqualTo(TransportFailure.Shutdown));
        Assert.That((body.IsBeingRead, body.Position), Is.EqualTo((false, position)));
        rpc.Respond(Installed);
    }

    [Test]
    public async Task Heartbeats_and_appends_go_on_beside_a_long_snapshot()
    {
        const int size = 2_000_000;
        var (asker, target, receiver) = await PairAsync();
        var body = new TestBody(size) { PauseAt = 1_000_000 };
        Task<InstallSnapshotResponse> call = asker.InstallSnapshotAsync(target, Request(size), body, default).AsTask();
        IncomingRpc rpc = await receiver.NextAsync();
        Task<long> reading = ReadAsync(rpc.Body!, long.MaxValue, static () => 10_000);
        await body.Paused.WaitAsync(Patience);

        receiver.AnswerAll(static r => new AppendEntriesResponse(Answerer) { LastLog = ((AppendEntriesRequest)r).LastIndex });
        await using IAppendPipeline pipeline = await asker.OpenAppendPipelineAsync(target, default);
        for (ulong i = 0; i < 20; i++)
        {
            var heartbeat = new AppendEntriesRequest(Asker) { Term = 4, Leader = Asker.Address };
            await asker.AppendEntriesAsync(target, heartbeat, default).AsTask().WaitAsync(Patience);
            await pipeline.SendAsync(Append(previousIndex: i, Entries(first: i + 1, count: 1)));
            Assert.That(await pipeline.Responses.WaitToReadAsync().AsTask().WaitAsync(Patience), Is.True);
            Assert.That(pipeline.Responses.TryRead(out AppendEntriesResponse? appended), Is.True);
            Assert.That(appended!.LastLog, Is.EqualTo(i + 1));
        }

        Assert.That((call.IsCompleted, reading.IsCompleted), Is.EqualTo((false, false)));
        body.Resume();
        Assert.That(await reading.WaitAsync(Patience), Is.EqualTo(size));
        rpc.Respond(Installed);
        Assert.That(await call.WaitAsync(Patience), Is.EqualTo(Installed));
    }

    [Test]
    public async Task A_snapshot_takes_longer_than_a_call_may_as_long_as_it_makes_progress()
    {
        const int size = 1_500_000;
        TimeSpan timeout = TimeSpan.FromSeconds(2);
        var (asker, target, receiver) = await PairAsync(timeout);
        var body = new TestBody(size) { PieceBytes = 150_000, Delay = timeout / 5 };
        var watch = System.Diagnostics.Stopwatch.StartNew();

        Task<InstallSnapshotResponse> call = asker.InstallSnapshotAsync(target, Request(size), body, default).AsTask();
        IncomingRpc rpc = await receiver.NextAsync();
        long read = await ReadAsync(rpc.Body!, long.MaxValue, static () => 300_000).WaitAsync(Patience);
        rpc.Respond(Installed);

        await call.WaitAsync(Patience);
        Assert.That(read, Is.EqualTo(size));
        Assert.That(watch.Elapsed, Is.GreaterThan(timeout));
    }

    [Test]
    public async Task Nobody_to_send_a_snapshot_to_is_a_failure_before_it_is_read()
    {
        ITransport asker = await NewAsync();
        var body = new TestBody(1000);

        var call = Assert.ThrowsAsync<TransportException>(() => asker
            .InstallSnapshotAsync(new Server("nobody", NobodysAddress), Request(1000), body, default)
            .AsTask().WaitAsync(Patience));

        Assert.That(call.Failure, Is.EqualTo(TransportFailure.Unreachable));
        Assert.That(body.Position, Is.Zero);
    }

    private static InstallSnapshotRequest Request(long size) => new(Asker)
    {
        SnapshotVersion = 1,
        Term = 9,
        Leader = Asker.Address,
        LastLogIndex = 1UL << 33,
        LastLogTerm = 8,
        Peers = new byte[] { 0x90 },
        Configuration = new byte[] { 1, 2, 3 },
        ConfigurationIndex = 77,
        Size = size,
    };

    /// <summary>Reads, and holds each byte to what it should be.</summary>
    private static async Task<long> ReadAsync(
        ISnapshotBody body, long bytesMax, Func<int> nextSize, long from = 0)
    {
        long position = from;
        while (position < bytesMax)
        {
            byte[] buffer = new byte[nextSize()];
            int count = await body.ReadAsync(buffer).AsTask().WaitAsync(Patience);
            for (int i = 0; i < count; i++, position++)
            {
                if (buffer[i] != TestBody.At(position))
                {
                    Assert.Fail($"byte {position} is {buffer[i]}");
                }
            }

            if (count == 0)
            {
                break;
            }
        }

        return position;
    }

    private static async Task ExpectBreakAsync(Task<long> reading)
    {
        try
        {
            long read = await reading.WaitAsync(Patience);
            Assert.Fail($"a whole snapshot of {read} bytes was received");
        }
        catch (TransportException broken)
        {
            Assert.That(broken.Failure, Is.EqualTo(TransportFailure.Broken));
        }
    }
}
