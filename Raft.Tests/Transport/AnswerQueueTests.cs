using System.Buffers;
using Microsoft.Extensions.Logging.Abstractions;
using Raft.Transport.Tcp;
using Raft.Transport.Tcp.Accepting;

namespace Raft.Tests.Transport;

/// <summary>What a request holds of the budget is given back once, however its connection ends.</summary>
public sealed class AnswerQueueTests
{
    private const int Bytes = 50_000;

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_request_added_to_a_queue_that_was_stopped_is_released_once(bool isAnsweredBeforeTheSecondStop)
    {
        var budget = new DecodingBudget(1_000_000);
        var share = new BudgetShare();
        using var connection = new ScriptedConnection(Array.Empty<byte>());
        var queue = new AnswerQueue(connection, budget, share, 10, TimeProvider.System, static _ => { });
        await budget.ReserveAsync(share, Bytes);

        budget.Close(share);
        queue.Stop();
        budget.Deliver(share, Bytes);
        var rpc = new TcpIncomingRpc(queue, Requests.Vote(), Bytes, Requests.NoMeter);
        queue.Add(rpc);
        if (isAnsweredBeforeTheSecondStop)
        {
            rpc.Respond(null, "no");
        }

        budget.Close(share);
        queue.Stop();
        rpc.Respond(null, "no");

        Assert.That(budget.UsedBytes, Is.Zero);
        Assert.That(share.Delivered, Is.Zero);
    }

    [Test]
    public async Task An_answer_that_cannot_be_encoded_ends_the_connection_and_gives_its_memory_back()
    {
        using var freed = new FreedMemory();
        var receiver = new RespondingReceiver(
            rpc => rpc.Respond(new AskResponse(Requests.Header) { Data = freed.Memory }));
        AcceptorContext context = Context(receiver);
        using var connection = new ScriptedConnection(Requests.Bytes(Requests.Vote()));

        await new AcceptedConnection(connection, context).RunAsync().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.That(connection.Sent, Is.Empty);
        Assert.That(context.Budget.UsedBytes, Is.Zero);
    }

    [Test]
    public async Task A_request_whose_receiver_throws_is_answered_with_an_error_and_the_connection_goes_on()
    {
        var receiver = new RespondingReceiver(static rpc =>
        {
            if (((RequestVoteRequest)rpc.Request).Term == 1)
            {
                throw new InvalidOperationException("out of order");
            }

            rpc.Respond(new RequestVoteResponse(Requests.Header) { Term = 2 });
        });
        AcceptorContext context = Context(receiver);
        using var connection = new ScriptedConnection(
            (byte[])[.. Requests.Bytes(Requests.Vote(1)), .. Requests.Bytes(Requests.Vote(2))]);

        await new AcceptedConnection(connection, context).RunAsync().WaitAsync(TimeSpan.FromSeconds(20));

        byte[] error = Requests.Bytes(null, "the receiver failed: out of order");
        byte[] answer = Requests.Bytes(new RequestVoteResponse(Requests.Header) { Term = 2 });
        Assert.That(connection.Sent, Is.EqualTo((byte[])[.. error, .. answer]));
        Assert.That(context.Budget.UsedBytes, Is.Zero);
    }

    [Test]
    public async Task A_queue_whose_owner_fails_to_close_is_idle_after_a_failed_send()
    {
        var budget = new DecodingBudget(1_000_000);
        var share = new BudgetShare();
        using var connection = new ScriptedConnection(Array.Empty<byte>()) { SendError = new IOException("broken") };
        var queue = new AnswerQueue(
            connection, budget, share, 10, TimeProvider.System, static _ => throw new InvalidOperationException("cannot close"));
        await budget.ReserveAsync(share, Bytes);
        budget.Deliver(share, Bytes);
        var rpc = new TcpIncomingRpc(queue, Requests.Vote(), Bytes, Requests.NoMeter);
        queue.Add(rpc);

        rpc.Respond(null, "no");
        await queue.WhenIdleAsync().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.That(budget.UsedBytes, Is.Zero);
    }

    private static AcceptorContext Context(IRpcReceiver receiver) =>
        new(receiver, new TcpTransportOptions(), Requests.NoMeter, NullLogger.Instance);

    private sealed class RespondingReceiver(Action<IncomingRpc> receive) : IRpcReceiver
    {
        public void Receive(IncomingRpc rpc) => receive(rpc);
    }

    /// <summary>Memory whose owner took it back too early.</summary>
    private sealed class FreedMemory : MemoryManager<byte>
    {
        public override Memory<byte> Memory => CreateMemory(10);

        public override Span<byte> GetSpan() => throw new ObjectDisposedException("the memory");

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
