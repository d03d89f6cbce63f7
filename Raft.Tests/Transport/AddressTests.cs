using Raft.Testing.Contracts;
using Raft.Tests.Support;
using Raft.Transport.Tcp;

namespace Raft.Tests.Transport;

/// <summary>Where servers are dialled, and what it means to begin anew.</summary>
public sealed class AddressTests
{
    private readonly List<TcpTransport> _created = [];
    private TestReceiver _receiver = new();

    [SetUp]
    public void ReceiveAnew()
    {
        _created.Clear();
        _receiver = new TestReceiver();
    }

    [TearDown]
    public async Task DisposeAllAsync()
    {
        foreach (TcpTransport created in _created)
        {
            await created.DisposeAsync();
        }
    }

    [Test]
    [Reference("I9", "d04")]
    public async Task An_address_provider_says_where_a_server_is_reached_whatever_the_configuration_says()
    {
        TcpTransport answerer = await AnswererAsync();
        TcpTransport asker = await ListenAsync(new() { AddressProvider = new Provider(_ => answerer.LocalAddress) });
        var target = new Server("n2", "127.0.0.1:1");

        RequestVoteResponse vote = await asker.RequestVoteAsync(target, Requests.Vote(), default);
        await using IAppendPipeline pipeline = await asker.OpenAppendPipelineAsync(target, default);

        Assert.That(vote.Header, Is.EqualTo(Requests.Header));
        await Until.TrueAsync(() => answerer.Acceptor!.ConnectionCount == 2, "the pipeline was dialled there too");
    }

    [Test]
    public async Task Without_an_answer_of_the_provider_the_configuration_counts_and_a_failure_is_logged([Values] bool fails)
    {
        TcpTransport answerer = await AnswererAsync();
        using var log = new LogLines();
        TcpTransport asker = await ListenAsync(new()
        {
            LoggerFactory = log,
            AddressProvider = new Provider(_ => fails ? throw new InvalidOperationException("no directory") : default),
        });

        await asker.RequestVoteAsync(new Server("n2", answerer.LocalAddress), Requests.Vote(), default);

        Assert.That(log.Count(2011), Is.EqualTo(fails ? 1 : 0));
    }

    [Test]
    [Reference("I6")]
    public async Task Closing_the_streams_empties_the_pool_and_later_calls_dial_anew()
    {
        TcpTransport answerer = await AnswererAsync();
        TcpTransport asker = await ListenAsync(new());
        var target = new Server("n2", answerer.LocalAddress);
        for (int i = 0; i < 2; i++)
        {
            await asker.RequestVoteAsync(target, Requests.Vote(), default);
            Assert.That(asker.DialledCount, Is.EqualTo(1));

            asker.CloseStreams();

            Assert.That(asker.DialledCount, Is.Zero);
            await Until.TrueAsync(() => answerer.Acceptor!.ConnectionCount == 0, "the other side sees it");
        }

        await asker.RequestVoteAsync(target, Requests.Vote(), default);
    }

    [Test]
    [Reference("I7")]
    public async Task Closing_the_streams_fails_calls_and_pipelines_under_way_on_either_side([Values] bool byAnswerer)
    {
        TcpTransport answerer = await ListenAsync(new());
        answerer.Start(_receiver);
        TcpTransport asker = await ListenAsync(new());
        var target = new Server("n2", answerer.LocalAddress);
        await using IAppendPipeline pipeline = await asker.OpenAppendPipelineAsync(target, default);
        await pipeline.SendAsync(Requests.Append(1, 10));
        Task<RequestVoteResponse> call = asker.RequestVoteAsync(target, Requests.Vote(), default).AsTask();
        await _receiver.NextAsync();
        await _receiver.NextAsync();

        (byAnswerer ? answerer : asker).CloseStreams();

        Assert.ThrowsAsync<TransportException>(() => call);
        Assert.ThrowsAsync<TransportException>(() => pipeline.Responses.Completion);
    }

    private async Task<TcpTransport> AnswererAsync()
    {
        TcpTransport answerer = await ListenAsync(new());
        _receiver.AnswerAll(static _ => new RequestVoteResponse(Requests.Header));
        answerer.Start(_receiver);
        return answerer;
    }

    private async Task<TcpTransport> ListenAsync(TcpTransportOptions options)
    {
        TcpTransport transport = await TcpTransport.ListenAsync(options);
        _created.Add(transport);
        return transport;
    }

    private sealed class Provider(Func<ServerId, ServerAddress> find) : IServerAddressProvider
    {
        public ServerAddress FindAddress(ServerId id) => find(id);
    }
}
