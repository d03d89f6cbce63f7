using Raft.Testing.Contracts;

namespace Raft.Tests.Transport;

/// <summary>What meets on a network in memory at an unlucky moment.</summary>
public sealed class InMemoryRaceTests
{
    private static readonly Server B = new("b", "b");

    [Test]
    public async Task A_request_that_arrives_while_the_early_ones_are_delivered_does_not_overtake_them()
    {
        var network = new InMemoryNetwork(new ManualClock());
        await using InMemoryTransport a = network.CreateTransport("a");
        await using InMemoryTransport b = network.CreateTransport("b");
        await using IAppendPipeline pipeline = await a.OpenAppendPipelineAsync(B, default);
        var order = new List<ulong>();
        var receiver = new ActingReceiver(rpc =>
        {
            order.Add(((AppendEntriesRequest)rpc.Request).PreviousIndex);
            if (order.Count == 1)
            {
                pipeline.SendAsync(Requests.Append(0, 0, previousIndex: 3)).GetAwaiter().GetResult();
            }
        });
        await pipeline.SendAsync(Requests.Append(0, 0, previousIndex: 1));
        await pipeline.SendAsync(Requests.Append(0, 0, previousIndex: 2));

        b.Start(receiver);
        await pipeline.SendAsync(Requests.Append(0, 0, previousIndex: 4));

        Assert.That(order, Is.EqualTo(new ulong[] { 1, 2, 3, 4 }));
    }

    [Test]
    public async Task A_pipeline_opened_while_its_transport_is_disposed_does_not_deliver()
    {
        var clock = new ActingClock();
        var network = new InMemoryNetwork(clock);
        InMemoryTransport a = network.CreateTransport("a");
        await using InMemoryTransport b = network.CreateTransport("b");
        b.Start(new TestReceiver());
        // The pipeline makes its timer before the network knows it.
        clock.OnTimer = () => a.DisposeAsync().AsTask().GetAwaiter().GetResult();

        var failed = Assert.ThrowsAsync<TransportException>(async () => await a.OpenAppendPipelineAsync(B, default));

        Assert.That(failed.Failure, Is.EqualTo(TransportFailure.Shutdown));
    }

    [Test]
    public async Task A_receiver_that_throws_answers_with_an_error_and_its_sender_is_not_told_otherwise()
    {
        var network = new InMemoryNetwork(new ManualClock());
        await using InMemoryTransport a = network.CreateTransport("a");
        await using InMemoryTransport b = network.CreateTransport("b");
        b.Start(new ActingReceiver(static _ => throw new InvalidOperationException("out of order")));

        ValueTask<RequestVoteResponse> call = a.RequestVoteAsync(B, Requests.Vote(), default);
        await using IAppendPipeline pipeline = await a.OpenAppendPipelineAsync(B, default);
        await pipeline.SendAsync(Requests.Append(1, 1));

        var failed = Assert.ThrowsAsync<RemoteRpcException>(async () => await call);
        Assert.That(failed.Message, Is.EqualTo("the receiver failed: out of order"));
        Assert.ThrowsAsync<RemoteRpcException>(() => pipeline.Responses.Completion);
    }

    private sealed class ActingReceiver(Action<IncomingRpc> receive) : IRpcReceiver
    {
        public void Receive(IncomingRpc rpc) => receive(rpc);
    }

    /// <summary>A clock that does something when somebody makes a timer.</summary>
    private sealed class ActingClock : TimeProvider
    {
        public Action? OnTimer { get; set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            OnTimer?.Invoke();
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
