using NUnit.Framework;
using static Raft.Testing.Contracts.TestMessages;

namespace Raft.Testing.Contracts;

/// <summary>What a node relies on in its transport. Derive it, and say how to create yours.</summary>
public abstract class TransportContract : SnapshotTransportContract
{
    [Test]
    public async Task An_append_arrives_with_all_its_fields_and_entries_and_its_answer_comes_back()
    {
        var (asker, target, receiver) = await PairAsync();
        AppendEntriesRequest request = Append(previousIndex: 6, Entries(first: 7, count: 3), Entries(first: 10, count: 2));
        var expected = new AppendEntriesResponse(Answerer) { Term = 9, LastLog = 11, Success = true, NoRetryBackoff = true };

        Task<AppendEntriesResponse> call = asker.AppendEntriesAsync(target, request, default).AsTask();
        IncomingRpc rpc = await receiver.NextAsync();
        rpc.Respond(expected);

        var received = (AppendEntriesRequest)rpc.Request;
        Assert.That(received with { Entries = null }, Is.EqualTo(request with { Entries = null }));
        Assert.That(Flat(received.Entries), Is.EqualTo(Flat(request.Entries)));
        Assert.That(received.LastIndex, Is.EqualTo(11));
        Assert.That(await call.WaitAsync(Patience), Is.EqualTo(expected));
    }

    [Test]
    public async Task A_heartbeat_has_null_entries_and_a_probe_has_none()
    {
        var (asker, target, receiver) = await PairAsync();
        var heartbeat = new AppendEntriesRequest(Asker) { Term = 4, Leader = Asker.Address };
        AppendEntriesRequest probe = heartbeat with { PreviousIndex = 5, PreviousTerm = 3, Entries = [] };
        receiver.AnswerAll(static r => new AppendEntriesResponse(Answerer) { Term = ((AppendEntriesRequest)r).Term });

        await asker.AppendEntriesAsync(target, heartbeat, default).AsTask().WaitAsync(Patience);
        await asker.AppendEntriesAsync(target, probe, default).AsTask().WaitAsync(Patience);

        var first = (AppendEntriesRequest)receiver.Received[0];
        var second = (AppendEntriesRequest)receiver.Received[1];
        Assert.That((first.Entries, first.IsHeartbeat), Is.EqualTo((default(IReadOnlyList<LogSlice>), true)));
        Assert.That(second.Entries, Is.Not.Null.And.Empty);
        Assert.That(second.IsHeartbeat, Is.False);
    }

    [Test]
    public async Task A_vote_and_a_pre_vote_arrive_and_are_answered()
    {
        var (asker, target, receiver) = await PairAsync();
        var vote = new RequestVoteRequest(Asker)
        {
            Term = 1UL << 40,
            Candidate = Asker.Address,
            LastLogIndex = 130,
            LastLogTerm = 70_000,
            LeadershipTransfer = true,
        };
        var preVote = new RequestPreVoteRequest(Asker) { Term = 8, LastLogIndex = 300, LastLogTerm = 7 };
        var granted = new RequestVoteResponse(Answerer) { Term = 1UL << 40, Granted = true };
        var preGranted = new RequestPreVoteResponse(Answerer) { Term = 8, Granted = true };
        receiver.AnswerAll(r => r is RequestVoteRequest ? granted : preGranted);

        RequestVoteResponse voteAnswer = await asker.RequestVoteAsync(target, vote, default).AsTask().WaitAsync(Patience);
        RequestPreVoteResponse preVoteAnswer =
            await asker.RequestPreVoteAsync(target, preVote, default).AsTask().WaitAsync(Patience);

        Assert.That(voteAnswer, Is.EqualTo(granted));
        Assert.That(preVoteAnswer, Is.EqualTo(preGranted));
        Assert.That(receiver.Received, Is.EqualTo(new RpcRequest[] { vote, preVote }));
    }

    [Test]
    public async Task An_order_to_campaign_and_a_question_arrive_and_are_answered()
    {
        var (asker, target, receiver) = await PairAsync();
        receiver.AnswerAll(static r => r is AskRequest ask
            ? new AskResponse(Answerer) { Data = ask.Data }
            : new TimeoutNowResponse(default(RpcHeader)));

        await asker.TimeoutNowAsync(target, new TimeoutNowRequest(Asker), default).AsTask().WaitAsync(Patience);
        byte[] question = new byte[100_000];
        question[^1] = 7;
        AskResponse answer = await asker.AskAsync(target, new AskRequest(Asker) { Data = question }, default)
            .AsTask().WaitAsync(Patience);

        Assert.That(receiver.Received[0], Is.EqualTo(new TimeoutNowRequest(Asker)));
        Assert.That(answer.Data.Span.SequenceEqual(question), Is.True);
    }

    [Test]
    public async Task An_error_arrives_as_its_text_and_the_next_call_works()
    {
        var (asker, target, receiver) = await PairAsync();

        Task<RequestVoteResponse> refused = asker.RequestVoteAsync(target, new RequestVoteRequest(Asker), default).AsTask();
        (await receiver.NextAsync()).Respond(null, "not today");
        Task<RequestVoteResponse> answered = asker.RequestVoteAsync(target, new RequestVoteRequest(Asker), default).AsTask();
        (await receiver.NextAsync()).Respond(new RequestVoteResponse(Answerer));

        var error = Assert.ThrowsAsync<RemoteRpcException>(() => refused.WaitAsync(Patience));
        Assert.That(error.Message, Is.EqualTo("not today"));
        await answered.WaitAsync(Patience);
    }

    [Test]
    public async Task Only_the_first_answer_to_a_request_counts()
    {
        var (asker, target, receiver) = await PairAsync();

        Task<RequestVoteResponse> call = asker.RequestVoteAsync(target, new RequestVoteRequest(Asker), default).AsTask();
        IncomingRpc rpc = await receiver.NextAsync();
        rpc.Respond(new RequestVoteResponse(Answerer) { Term = 1 });
        rpc.Respond(null, "too late");

        Assert.That((await call.WaitAsync(Patience)).Term, Is.EqualTo(1));
    }

    [Test]
    public async Task Requests_of_a_pipeline_are_delivered_and_answered_in_order()
    {
        var (asker, target, receiver) = await PairAsync();
        receiver.AnswerAll(static r => new AppendEntriesResponse(Answerer) { LastLog = ((AppendEntriesRequest)r).LastIndex });
        await using IAppendPipeline pipeline = await asker.OpenAppendPipelineAsync(target, default);

        for (ulong i = 0; i < 100; i++)
        {
            await pipeline.SendAsync(Append(previousIndex: i, Entries(first: i + 1, count: 1)));
        }

        for (ulong i = 0; i < 100; i++)
        {
            Assert.That((await NextAsync(pipeline)).LastLog, Is.EqualTo(i + 1));
        }

        Assert.That(
            receiver.Received.Select(static r => ((AppendEntriesRequest)r).PreviousIndex),
            Is.EqualTo(Enumerable.Range(0, 100)));
    }

    [Test]
    public async Task Answers_given_out_of_order_arrive_on_a_pipeline_in_order()
    {
        var (asker, target, receiver) = await PairAsync();
        await using IAppendPipeline pipeline = await asker.OpenAppendPipelineAsync(target, default);
        var rpcs = new List<IncomingRpc>();

        for (ulong i = 0; i < 10; i++)
        {
            await pipeline.SendAsync(Append(previousIndex: i));
            rpcs.Add(await receiver.NextAsync());
        }

        for (int i = 9; i >= 0; i--)
        {
            rpcs[i].Respond(new AppendEntriesResponse(Answerer) { LastLog = (ulong)i });
        }

        for (ulong i = 0; i < 10; i++)
        {
            Assert.That((await NextAsync(pipeline)).LastLog, Is.EqualTo(i));
        }
    }

    [Test]
    public async Task An_error_ends_a_pipeline_after_the_answers_before_it()
    {
        var (asker, target, receiver) = await PairAsync();
        await using IAppendPipeline pipeline = await asker.OpenAppendPipelineAsync(target, default);

        await pipeline.SendAsync(Append(previousIndex: 1));
        await pipeline.SendAsync(Append(previousIndex: 2));
        (await receiver.NextAsync()).Respond(new AppendEntriesResponse(Answerer) { LastLog = 1 });
        (await receiver.NextAsync()).Respond(null, "no more");

        Assert.That((await NextAsync(pipeline)).LastLog, Is.EqualTo(1));
        var error = Assert.ThrowsAsync<RemoteRpcException>(() => pipeline.Responses.Completion.WaitAsync(Patience));
        Assert.That(error.Message, Is.EqualTo("no more"));
    }

    [Test]
    public async Task A_server_that_goes_away_fails_calls_and_ends_pipelines()
    {
        var (asker, target, receiver) = await PairAsync();
        await using IAppendPipeline pipeline = await asker.OpenAppendPipelineAsync(target, default);
        await pipeline.SendAsync(Append(previousIndex: 1));
        await receiver.NextAsync();
        Task<RequestVoteResponse> call = asker.RequestVoteAsync(target, new RequestVoteRequest(Asker), default).AsTask();
        await receiver.NextAsync();

        await Created[1].DisposeAsync();

        var failed = Assert.ThrowsAsync<TransportException>(() => call.WaitAsync(Patience));
        var ended = Assert.ThrowsAsync<TransportException>(() => pipeline.Responses.Completion.WaitAsync(Patience));
        Assert.That(failed.Failure, Is.AnyOf(TransportFailure.Closed, TransportFailure.Broken));
        Assert.That(ended.Failure, Is.AnyOf(TransportFailure.Closed, TransportFailure.Broken));
        Assert.ThrowsAsync<TransportException>(async () => await pipeline.SendAsync(Append(previousIndex: 2)));
    }

    [Test]
    public async Task A_cancelled_call_ends_and_the_next_one_works()
    {
        var (asker, target, receiver) = await PairAsync();
        using var cancellation = new CancellationTokenSource();

        Task<RequestVoteResponse> call =
            asker.RequestVoteAsync(target, new RequestVoteRequest(Asker), cancellation.Token).AsTask();
        await receiver.NextAsync();
        await cancellation.CancelAsync();

        var cancelled = Assert.ThrowsAsync<TransportException>(() => call.WaitAsync(Patience));
        Assert.That(cancelled.Failure, Is.EqualTo(TransportFailure.Shutdown));
        Task<RequestVoteResponse> next = asker.RequestVoteAsync(target, new RequestVoteRequest(Asker), default).AsTask();
        (await receiver.NextAsync()).Respond(new RequestVoteResponse(Answerer) { Term = 2 });
        Assert.That((await next.WaitAsync(Patience)).Term, Is.EqualTo(2));
    }

    [Test]
    public async Task Disposing_a_transport_releases_its_calls_and_pipelines_and_refuses_more()
    {
        var (asker, target, receiver) = await PairAsync();
        IAppendPipeline pipeline = await asker.OpenAppendPipelineAsync(target, default);
        await pipeline.SendAsync(Append(previousIndex: 1));
        Task<RequestVoteResponse> call = asker.RequestVoteAsync(target, new RequestVoteRequest(Asker), default).AsTask();
        await receiver.NextAsync();
        await receiver.NextAsync();

        await asker.DisposeAsync();

        foreach (Task task in (Task[])
            [
                call,
                pipeline.Responses.Completion,
                asker.RequestVoteAsync(target, new RequestVoteRequest(Asker), default).AsTask(),
                asker.OpenAppendPipelineAsync(target, default).AsTask(),
            ])
        {
            var failed = Assert.ThrowsAsync<TransportException>(() => task.WaitAsync(Patience));
            Assert.That(failed.Failure, Is.EqualTo(TransportFailure.Shutdown));
        }
    }

    [Test]
    public async Task Disposing_a_pipeline_releases_whoever_waits_for_its_answers()
    {
        var (asker, target, receiver) = await PairAsync();
        IAppendPipeline pipeline = await asker.OpenAppendPipelineAsync(target, default);
        await pipeline.SendAsync(Append(previousIndex: 1));
        await receiver.NextAsync();
        Task<bool> waiting = pipeline.Responses.WaitToReadAsync().AsTask();

        await pipeline.DisposeAsync();

        Assert.ThrowsAsync<TransportException>(() => waiting.WaitAsync(Patience));
    }

    [Test]
    public async Task Disposing_a_pipeline_from_both_its_tasks_and_again_ends_its_sends_and_answers()
    {
        var (asker, target, receiver) = await PairAsync();
        IAppendPipeline pipeline = await asker.OpenAppendPipelineAsync(target, default);
        AppendEntriesRequest large = Append(previousIndex: 6, Entries(first: 7, count: 500));
        Task sending = Task.Run(async () =>
        {
            // Nobody answers: where the other side pushes back, one of these waits.
            for (int i = 0; i < 1500 && !pipeline.Responses.Completion.IsCompleted; i++)
            {
                await pipeline.SendAsync(large);
            }

            await Task.WhenAny(pipeline.Responses.Completion);
            await pipeline.SendAsync(large);
        });
        Task<bool> waiting = pipeline.Responses.WaitToReadAsync().AsTask();
        await receiver.NextAsync();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => pipeline.DisposeAsync().AsTask())))
            .WaitAsync(Patience);
        await pipeline.DisposeAsync().AsTask().WaitAsync(Patience);

        var sent = Assert.ThrowsAsync<TransportException>(() => sending.WaitAsync(Patience));
        var answered = Assert.ThrowsAsync<TransportException>(() => waiting.WaitAsync(Patience));
        Assert.That((sent.Failure, answered.Failure), Is.EqualTo((TransportFailure.Shutdown, TransportFailure.Shutdown)));
    }

    [Test]
    public async Task An_address_where_nobody_is_cannot_be_reached()
    {
        ITransport asker = await NewAsync();
        var nobody = new Server("nobody", NobodysAddress);

        var call = Assert.ThrowsAsync<TransportException>(
            () => asker.RequestVoteAsync(nobody, new RequestVoteRequest(Asker), default).AsTask().WaitAsync(Patience));
        var pipeline = Assert.ThrowsAsync<TransportException>(
            () => asker.OpenAppendPipelineAsync(nobody, default).AsTask().WaitAsync(Patience));

        Assert.That(call.Failure, Is.EqualTo(TransportFailure.Unreachable));
        Assert.That(pipeline.Failure, Is.EqualTo(TransportFailure.Unreachable));
    }

    [Test]
    public async Task Calls_made_at_once_each_get_their_own_answer()
    {
        var (asker, target, receiver) = await PairAsync();
        receiver.AnswerAll(static r => new RequestVoteResponse(Answerer) { Term = ((RequestVoteRequest)r).Term });

        RequestVoteResponse[] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(
            () => asker.RequestVoteAsync(target, new RequestVoteRequest(Asker) { Term = (ulong)i }, default).AsTask())))
            .WaitAsync(Patience);

        Assert.That(answers.Select(static a => a.Term), Is.EqualTo(Enumerable.Range(0, 50)));
    }

    [Test]
    public async Task A_call_that_is_not_answered_fails_when_its_time_is_over()
    {
        // Long enough that connecting, which counts too, is over by then on a busy machine.
        var (asker, target, _) = await PairAsync(TimeSpan.FromSeconds(2));

        Task<RequestVoteResponse> call = asker.RequestVoteAsync(target, new RequestVoteRequest(Asker), default).AsTask();
        await using IAppendPipeline pipeline = await asker.OpenAppendPipelineAsync(target, default);
        await pipeline.SendAsync(Append(previousIndex: 1));

        var failed = Assert.ThrowsAsync<TransportException>(() => call.WaitAsync(Patience));
        var ended = Assert.ThrowsAsync<TransportException>(() => pipeline.Responses.Completion.WaitAsync(Patience));
        Assert.That((failed.Failure, ended.Failure), Is.EqualTo((TransportFailure.TimedOut, TransportFailure.TimedOut)));
    }

    [Test]
    public async Task Requests_that_arrive_before_the_start_wait_for_it()
    {
        ITransport asker = await NewAsync();
        ITransport late = await NewAsync();
        var receiver = new TestReceiver();

        Task<RequestVoteResponse> call = asker
            .RequestVoteAsync(new Server("late", late.LocalAddress), new RequestVoteRequest(Asker), default).AsTask();
        late.Start(receiver);
        (await receiver.NextAsync()).Respond(new RequestVoteResponse(Answerer) { Granted = true });

        Assert.That((await call.WaitAsync(Patience)).Granted, Is.True);
    }

    private static async Task<AppendEntriesResponse> NextAsync(IAppendPipeline pipeline)
    {
        Assert.That(await pipeline.Responses.WaitToReadAsync().AsTask().WaitAsync(Patience), Is.True, "an answer comes");
        Assert.That(pipeline.Responses.TryRead(out AppendEntriesResponse? response), Is.True);
        return response!;
    }
}
