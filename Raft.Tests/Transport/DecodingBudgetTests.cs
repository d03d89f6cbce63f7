using Raft.Testing.Contracts;
using Raft.Transport.Tcp;
using Raft.Transport.Tcp.Accepting;

namespace Raft.Tests.Transport;

/// <summary>The one limit on what all connections hold.</summary>
public sealed class DecodingBudgetTests
{
    private const int Kilo = 1000;

    [Test]
    public async Task What_does_not_fit_waits_until_an_answer_frees_memory()
    {
        var budget = new DecodingBudget(100 * Kilo);
        BudgetShare a = new(), b = new();
        await budget.ReserveAsync(a, 80 * Kilo);
        budget.Deliver(a, 80 * Kilo);

        Task<BudgetOutcome> waiting = budget.ReserveAsync(b, 50 * Kilo).AsTask();
        Assert.That(waiting.IsCompleted, Is.False);
        budget.Release(a, 80 * Kilo);

        Assert.That(await waiting, Is.EqualTo(BudgetOutcome.Granted));
        Assert.That(budget.UsedBytes, Is.EqualTo(50 * Kilo));
    }

    [Test]
    public async Task The_oldest_request_is_served_first_and_nobody_overtakes_it()
    {
        var budget = new DecodingBudget(100 * Kilo);
        BudgetShare a = new(), b = new(), c = new();
        await budget.ReserveAsync(a, 90 * Kilo);
        budget.Deliver(a, 90 * Kilo);

        Task<BudgetOutcome> first = budget.ReserveAsync(b, 60 * Kilo).AsTask();
        Task<BudgetOutcome> second = budget.ReserveAsync(c, 5 * Kilo).AsTask();
        Assert.That((first.IsCompleted, second.IsCompleted), Is.EqualTo((false, false)));
        budget.Release(a, 90 * Kilo);

        Assert.That((await first, await second), Is.EqualTo((BudgetOutcome.Granted, BudgetOutcome.Granted)));
    }

    [Test]
    public async Task Small_requests_pass_while_bulk_fills_the_budget()
    {
        var budget = new DecodingBudget(100 * Kilo);
        BudgetShare bulk = new(), waiting = new(), heartbeat = new();
        await budget.ReserveAsync(bulk, 100 * Kilo);
        _ = budget.ReserveAsync(waiting, 100 * Kilo).AsTask();

        ValueTask<BudgetOutcome> passed = budget.ReserveAsync(heartbeat, 130);

        Assert.That(passed.IsCompletedSuccessfully && passed.Result == BudgetOutcome.Granted, Is.True);
    }

    [Test]
    public async Task When_all_that_hold_memory_wait_the_youngest_has_to_go_and_the_oldest_finishes()
    {
        var budget = new DecodingBudget(100 * Kilo);
        BudgetShare oldest = new(), middle = new(), youngest = new();
        await budget.ReserveAsync(oldest, 30 * Kilo);
        await budget.ReserveAsync(middle, 30 * Kilo);
        await budget.ReserveAsync(youngest, 30 * Kilo);

        Task<BudgetOutcome> ofYoungest = budget.ReserveAsync(youngest, 40 * Kilo).AsTask();
        Task<BudgetOutcome> ofOldest = budget.ReserveAsync(oldest, 60 * Kilo).AsTask();
        Assert.That((ofYoungest.IsCompleted, ofOldest.IsCompleted), Is.EqualTo((false, false)), "the middle one may finish");
        Task<BudgetOutcome> ofMiddle = budget.ReserveAsync(middle, 40 * Kilo).AsTask();

        Assert.That(await ofYoungest, Is.EqualTo(BudgetOutcome.Evicted));
        Assert.That(await ofMiddle, Is.EqualTo(BudgetOutcome.Evicted), "the oldest still did not fit");
        Assert.That(await ofOldest, Is.EqualTo(BudgetOutcome.Granted));
        Assert.That(budget.UsedBytes, Is.EqualTo(90 * Kilo));
    }

    [Test]
    public async Task Nobody_has_to_go_while_an_answer_may_still_free_memory()
    {
        var budget = new DecodingBudget(100 * Kilo);
        BudgetShare a = new(), b = new();
        await budget.ReserveAsync(a, 50 * Kilo);
        await budget.ReserveAsync(b, 50 * Kilo);
        budget.Deliver(a, 20 * Kilo);

        Task<BudgetOutcome> ofA = budget.ReserveAsync(a, 30 * Kilo).AsTask();
        Task<BudgetOutcome> ofB = budget.ReserveAsync(b, 20 * Kilo).AsTask();
        Assert.That((ofA.IsCompleted, ofB.IsCompleted), Is.EqualTo((false, false)));
        budget.Release(a, 20 * Kilo);

        Assert.That(await ofB, Is.EqualTo(BudgetOutcome.Granted), "b's request is the older: a's began after its delivery");
        Assert.That(ofA.IsCompleted, Is.False);
    }

    [Test]
    public async Task A_request_over_the_whole_budget_is_refused_at_once()
    {
        var budget = new DecodingBudget(100 * Kilo);
        BudgetShare a = new();
        await budget.ReserveAsync(a, 60 * Kilo);

        Assert.That(await budget.ReserveAsync(a, 60 * Kilo), Is.EqualTo(BudgetOutcome.TooLarge));
    }

    [Test]
    public async Task A_connection_that_ends_gives_back_what_it_held_and_no_longer_waits()
    {
        var budget = new DecodingBudget(100 * Kilo);
        BudgetShare a = new(), b = new();
        await budget.ReserveAsync(a, 90 * Kilo);
        Task<BudgetOutcome> ofB = budget.ReserveAsync(b, 90 * Kilo).AsTask();
        Task<BudgetOutcome> ofC = budget.ReserveAsync(new BudgetShare(), 90 * Kilo).AsTask();

        budget.Close(b);
        budget.Close(a);

        Assert.That((await ofB, await ofC), Is.EqualTo((BudgetOutcome.Closed, BudgetOutcome.Granted)));
    }

    [Test]
    public async Task Over_sockets_the_youngest_request_is_closed_and_the_oldest_is_answered()
    {
        using var log = new LogLines();
        var receiver = new TestReceiver();
        receiver.AnswerAll(static _ => Requests.Ok);
        await using TcpTransport transport = await SmallAsync(receiver, log);
        DecodingBudget budget = transport.Acceptor!.Budget;
        byte[] request = Requests.Bytes(Requests.Append(entryCount: 20, dataBytes: 50 * Kilo));
        using RawPeer older = await RawPeer.ConnectAsync(transport.LocalAddress);
        using RawPeer younger = await RawPeer.ConnectAsync(transport.LocalAddress);

        await older.SendAsync(request.AsMemory(0, 600 * Kilo));
        await Until.TrueAsync(() => budget.UsedBytes == 600 * Kilo, "the older one's first part is there");
        await younger.SendAsync(request.AsMemory(0, 700 * Kilo));
        await Until.TrueAsync(() => budget.WaitingCount == 1, "the younger one waits");
        await older.SendAsync(request.AsMemory(600 * Kilo));

        byte[] expected = Requests.Bytes(Requests.Ok);
        Assert.That(await older.ReceiveAsync(expected.Length), Is.EqualTo(expected));
        await younger.ExpectEndAsync();
        Assert.That(log.Count(2005), Is.EqualTo(1));
    }

    [Test]
    public async Task Over_a_socket_a_request_that_is_too_large_names_the_option_to_raise()
    {
        using var log = new LogLines();
        await using TcpTransport transport = await SmallAsync(new TestReceiver(), log);
        byte[] request = Requests.Bytes(Requests.Append(entryCount: 40, dataBytes: 50 * Kilo));
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);

        Task sending = peer.SendAsync(request);

        await peer.ExpectEndAsync();
        await Task.WhenAny(sending);
        Assert.That(log.All.Single(static l => l.Id == 2006).Text, Does.Contain("DecodingBytesMax"));
        await Until.TrueAsync(() => transport.Acceptor!.Budget.UsedBytes == 0, "all memory is given back");
    }

    private static async Task<TcpTransport> SmallAsync(IRpcReceiver receiver, LogLines log)
    {
        TcpTransport transport = await TcpTransport.ListenAsync(new()
        {
            EntryBytesMax = 64 * 1024,
            DecodingBytesMax = 1200 * Kilo,
            LoggerFactory = log,
        });
        transport.Start(receiver);
        return transport;
    }
}
