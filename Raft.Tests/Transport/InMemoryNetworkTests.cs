using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Transport;

/// <summary>What tests and simulations can do to a network in memory.</summary>
public sealed class InMemoryNetworkTests
{
    private readonly ManualClock _clock = new();
    private InMemoryNetwork _network = null!;
    private InMemoryTransport _a = null!;
    private InMemoryTransport _b = null!;
    private TestReceiver _receiver = null!;

    private Server B => new("b", "b");

    [SetUp]
    public void Connect()
    {
        _network = new InMemoryNetwork(_clock);
        _a = _network.CreateTransport("a", TimeSpan.FromSeconds(5));
        _b = _network.CreateTransport("b", TimeSpan.FromSeconds(5));
        _receiver = new TestReceiver();
        _a.Start(new TestReceiver());
        _b.Start(_receiver);
    }

    [TearDown]
    public async Task DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Test]
    public void Calls_over_a_disconnected_link_fail_at_once()
    {
        _network.SetLink("a", "b", InMemoryLink.Disconnected);

        ValueTask<RequestVoteResponse> call = _a.RequestVoteAsync(B, Requests.Vote(), default);

        Assert.That(call.IsFaulted, Is.True);
        var failed = Assert.ThrowsAsync<TransportException>(async () => await call);
        Assert.That(failed.Failure, Is.EqualTo(TransportFailure.Unreachable));
        Assert.That(_receiver.Received, Is.Empty);
    }

    [Test]
    [Reference("I12")]
    public async Task A_request_into_a_black_hole_is_never_received_and_fails_at_its_timeout()
    {
        _network.SetLink("a", "b", InMemoryLink.BlackHole);
        await using IAppendPipeline pipeline = await _a.OpenAppendPipelineAsync(B, default);
        await pipeline.SendAsync(Requests.Append(1, 1));
        Task call = _a.RequestVoteAsync(B, Requests.Vote(), default).AsTask();

        _clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.That((call.IsCompleted, pipeline.Responses.Completion.IsCompleted), Is.EqualTo((false, false)));
        _clock.Advance(TimeSpan.FromSeconds(0.1));

        var failed = Assert.ThrowsAsync<TransportException>(() => call);
        var ended = Assert.ThrowsAsync<TransportException>(() => pipeline.Responses.Completion);
        Assert.That((failed.Failure, ended.Failure), Is.EqualTo((TransportFailure.TimedOut, TransportFailure.TimedOut)));
        Assert.That(_receiver.Received, Is.Empty);
    }

    [Test]
    public async Task An_answer_into_a_black_hole_is_lost_though_the_request_was_received()
    {
        Task call = _a.RequestVoteAsync(B, Requests.Vote(), default).AsTask();
        IncomingRpc rpc = await _receiver.NextAsync();
        _network.SetLink("b", "a", InMemoryLink.BlackHole);

        rpc.Respond(new RequestVoteResponse(Requests.Header));
        Assert.That(call.IsCompleted, Is.False);
        _clock.Advance(TimeSpan.FromSeconds(5));

        var failed = Assert.ThrowsAsync<TransportException>(() => call);
        Assert.That(failed.Failure, Is.EqualTo(TransportFailure.TimedOut));
    }

    [Test]
    public async Task Disconnecting_a_pair_ends_its_calls_and_pipelines_and_no_others()
    {
        await using InMemoryTransport c = _network.CreateTransport("c");
        await using IAppendPipeline ofA = await _a.OpenAppendPipelineAsync(B, default);
        await using IAppendPipeline ofC = await c.OpenAppendPipelineAsync(B, default);
        Task call = _a.RequestVoteAsync(B, Requests.Vote(), default).AsTask();

        _network.Isolate("a");

        Assert.ThrowsAsync<TransportException>(() => call);
        Assert.ThrowsAsync<TransportException>(() => ofA.Responses.Completion);
        Assert.ThrowsAsync<TransportException>(async () => await ofA.SendAsync(Requests.Append(1, 1)));
        await ofC.SendAsync(Requests.Append(1, 1));
        Assert.That(ofC.Responses.Completion.IsCompleted, Is.False);
    }

    [Test]
    public async Task A_healed_network_carries_calls_again()
    {
        _receiver.AnswerAll(static _ => new RequestVoteResponse(Requests.Header) { Granted = true });
        _network.Partition(["a"], ["b"], InMemoryLink.BlackHole);

        _network.Heal();

        Assert.That((await _a.RequestVoteAsync(B, Requests.Vote(), default)).Granted, Is.True);
    }

    [Test]
    public async Task A_server_that_left_can_come_back_under_its_address()
    {
        await _b.DisposeAsync();
        Assert.ThrowsAsync<TransportException>(async () => await _a.RequestVoteAsync(B, Requests.Vote(), default));

        _b = _network.CreateTransport("b");
        _b.Start(_receiver);
        _receiver.AnswerAll(static _ => new RequestVoteResponse(Requests.Header) { Granted = true });

        Assert.That((await _a.RequestVoteAsync(B, Requests.Vote(), default)).Granted, Is.True);
        Assert.Throws<ArgumentException>(() => _network.CreateTransport("b"));
    }

    [Test]
    public void Continuations_run_on_the_scheduler_that_awaits_and_not_on_the_answering_task()
    {
        var scheduler = new QueueScheduler();
        var order = new List<string>();
        _ = Task.Factory.StartNew(
            async () =>
            {
                await _a.RequestVoteAsync(B, Requests.Vote(), default);
                order.Add("continued");
            },
            CancellationToken.None, TaskCreationOptions.None, scheduler);

        scheduler.RunAll();
        IncomingRpc rpc = _receiver.NextAsync().GetAwaiter().GetResult();
        rpc.Respond(new RequestVoteResponse(Requests.Header));
        order.Add("answered");
        scheduler.RunAll();

        Assert.That(order, Is.EqualTo(new[] { "answered", "continued" }));
    }

    /// <summary>Runs tasks when told to, on the thread that says so.</summary>
    private sealed class QueueScheduler : TaskScheduler
    {
        private readonly Queue<Task> _tasks = new();

        public void RunAll()
        {
            while (_tasks.TryDequeue(out Task? task))
            {
                TryExecuteTask(task);
            }
        }

        protected override void QueueTask(Task task) => _tasks.Enqueue(task);

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

        protected override IEnumerable<Task> GetScheduledTasks() => _tasks;
    }

    [Test]
    public async Task A_snapshot_whose_bytes_vanish_fails_after_ten_timeouts_without_progress()
    {
        const int size = 1000;
        var request = new InstallSnapshotRequest(Requests.Header) { Term = 7, Size = size };
        Task call = _a.InstallSnapshotAsync(B, request, new MemoryBody(new byte[size]), default).AsTask();
        IncomingRpc rpc = await _receiver.NextAsync();

        _clock.Advance(TimeSpan.FromSeconds(40));
        Assert.That(await rpc.Body!.ReadAsync(new byte[600]), Is.EqualTo(600));
        _network.SetLink("a", "b", InMemoryLink.BlackHole);
        Task<int> reading = rpc.Body!.ReadAsync(new byte[600]).AsTask();
        _clock.Advance(TimeSpan.FromSeconds(49));
        Assert.That((call.IsCompleted, reading.IsCompleted), Is.EqualTo((false, false)));
        _clock.Advance(TimeSpan.FromSeconds(2));

        var failed = Assert.ThrowsAsync<TransportException>(() => call);
        var broken = Assert.ThrowsAsync<TransportException>(() => reading);
        Assert.That((failed.Failure, broken.Failure), Is.EqualTo((TransportFailure.TimedOut, TransportFailure.Broken)));
    }
}
