using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Raft.Tests.Support;
using Raft.Transport.Tcp;

namespace Raft.Tests.Transport.Tls;

/// <summary>Who is not spoken to although it answers where a server was dialled.</summary>
[TestFixture]
public sealed class TlsDiallingTests : TlsServers
{
    [TestCase("unknown", "the certificate of 'CN=of n2' comes from an unknown authority, 'CN=another'")]
    [TestCase("expired", "the certificate of 'CN=of n2' expired on 20")]
    [TestCase("usage", "the certificate of 'CN=of n2' is not for this: its extended key usage lacks serverAuth")]
    [TestCase("other", "the certificate that answers names n3, n4, and not n2")]
    [Reference("d03")]
    public async Task A_certificate_that_does_not_prove_the_server_that_was_dialled_is_refused(string what, string says)
    {
        var answererLog = new LogLines();
        TcpTransport answerer = await ListenAsync(
            new() { StreamLayer = await LayerAsync(Ours.Of(Certificate(what))), LoggerFactory = answererLog });
        answerer.Start(Receiver);

        TransportException failed = await FailAsync(answerer.LocalAddress);

        Assert.That(failed.Failure, Is.EqualTo(TransportFailure.Unreachable), failed.Message);
        Assert.That(failed.Message, Does.Contain($"n2 is not reached at {answerer.LocalAddress}: ").And.Contain(says));
        Assert.That(
            await LineAsync(DialledUnprovenEventId),
            Does.Contain($"n2 was dialled at {answerer.LocalAddress} and is not spoken to: ").And.Contain(says));
        await Until.TrueAsync(() => answerer.Acceptor!.ConnectionCount == 0, "the connection is closed");
        Assert.That(Receiver.Received, Is.Empty);
    }

    [Test]
    public async Task A_server_without_TLS_is_not_spoken_to()
    {
        TcpTransport answerer = await ListenAsync(new());
        answerer.Start(Receiver);

        TransportException failed = await FailAsync(answerer.LocalAddress);

        Assert.That(failed.Failure, Is.EqualTo(TransportFailure.Unreachable));
        Assert.That(failed.Message, Does.Contain("it did not answer the TLS handshake, and may not speak TLS"));
        Assert.That(await LineAsync(DialledUnprovenEventId), Does.Contain("may not speak TLS"));
        Assert.That(Receiver.Received, Is.Empty);
    }

    [Test]
    public async Task An_answer_in_plain_text_is_none()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task<Socket> accepting = Task.Run(async () =>
        {
            Socket accepted = await listener.AcceptSocketAsync();
            await accepted.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
            return accepted;
        });

        TransportException failed = await FailAsync(listener.LocalEndpoint.ToString());
        (await accepting).Dispose();

        Assert.That(failed.Failure, Is.EqualTo(TransportFailure.Unreachable));
        Assert.That(failed.Message, Does.Contain("it does not speak TLS: what it sent begins with 0x48"));
    }

    [Test]
    public async Task A_server_that_does_not_answer_the_handshake_is_given_up_when_its_time_is_over()
    {
        var clock = new ManualClock();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        TcpTransport asker = await AskerAsync(await LayerAsync(Ours.For("n1"), clock));

        Task call = asker.RequestVoteAsync(
            new Server("n2", listener.LocalEndpoint.ToString()), Requests.Vote(), default).AsTask();
        await Until.TrueAsync(() => clock.HasTimer(TimeSpan.FromSeconds(5)), "the time of the handshake has begun");
        clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.That(call.IsCompleted, Is.False);
        clock.Advance(TimeSpan.FromSeconds(0.1));

        var failed = Assert.ThrowsAsync<TransportException>(() => call);
        Assert.That(failed.Failure, Is.EqualTo(TransportFailure.Unreachable));
        Assert.That(failed.Message, Does.Contain("the TLS handshake did not end within 00:00:05"));
    }

    [Test]
    public async Task Whose_own_certificate_is_refused_hears_that_it_may_be_and_is_not_taken_for_one_that_is_not_understood()
    {
        var answererLog = new LogLines();
        TcpTransport answerer = await ListenAsync(new() { StreamLayer = await Ours.LayerAsync("n2"), LoggerFactory = answererLog });
        answerer.Start(Receiver);
        var stranger = new TlsCredentials { Certificate = Theirs.Issue("n1"), Authorities = [Ours.Certificate] };

        TransportException failed = await FailAsync(answerer.LocalAddress, await LayerAsync(stranger));

        Assert.That(failed.Failure, Is.EqualTo(TransportFailure.Broken), "a server that does not know a request closes in good order");
        Assert.That(failed.Message, Does.Contain("it ended the connection right behind the TLS handshake"));
        Assert.That(await LineAsync(DialledUnprovenEventId), Does.Contain("it refuses this server's certificate, and its own log says why"));
        await Until.TrueAsync(() => answererLog.Count(UnprovenEventId) == 1, "the other side says why");
        Assert.That(Receiver.Received, Is.Empty);
    }

    [Test]
    public async Task Whose_certificate_does_not_name_it_hears_the_reason()
    {
        TcpTransport answerer = await ListenAsync(new() { StreamLayer = await Ours.LayerAsync("n2") });
        answerer.Start(Receiver);

        TransportException failed = await FailAsync(answerer.LocalAddress, await Ours.LayerAsync("n7"));

        Assert.That(failed.Failure, Is.EqualTo(TransportFailure.Unreachable), "nothing of it has reached the node");
        Assert.That(failed.Message, Does.Contain("refuses this server: its request names n1, and its certificate n7"));
        Assert.That(
            await LineAsync(DialledRefusesEventId),
            Does.Contain($"n2 at {answerer.LocalAddress} refuses this server: its request names n1, and its certificate n7"));
    }

    [Test]
    public async Task A_pipeline_and_a_snapshot_fail_with_the_reason_too()
    {
        TcpTransport answerer = await AnswererAsync(await Ours.LayerAsync("n3"));
        TcpTransport asker = await AskerAsync(await Ours.LayerAsync("n1"));
        var target = new Server("n2", answerer.LocalAddress);

        await using IAppendPipeline pipeline = await asker.OpenAppendPipelineAsync(target, default);
        var ended = Assert.ThrowsAsync<TransportException>(() => pipeline.Responses.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
        var snapshot = Assert.ThrowsAsync<TransportException>(() => asker.InstallSnapshotAsync(
            target, new InstallSnapshotRequest(Requests.Header) { Size = 3 }, new MemoryBody(new byte[3]), default).AsTask());

        Assert.That(ended.Message, Does.Contain("the certificate that answers names n3, and not n2"));
        Assert.That(snapshot.Message, Does.Contain("the certificate that answers names n3, and not n2"));
        Assert.That((ended.Failure, snapshot.Failure), Is.EqualTo((TransportFailure.Unreachable, TransportFailure.Unreachable)));
        Assert.That(Receiver.Received, Is.Empty);
    }

    [Test]
    public async Task A_connection_that_was_kept_for_one_server_is_not_used_for_another_at_its_address()
    {
        TcpTransport answerer = await AnswererAsync(await Ours.LayerAsync("n2"));
        TcpTransport asker = await AskerAsync(await Ours.LayerAsync("n1"));
        await asker.RequestVoteAsync(new Server("n2", answerer.LocalAddress), Requests.Vote(), default);

        var failed = Assert.ThrowsAsync<TransportException>(
            async () => await asker.RequestVoteAsync(new Server("n9", answerer.LocalAddress), Requests.Vote(), default));

        Assert.That(failed.Message, Does.Contain("the certificate that answers names n2, and not n9"));
        await asker.RequestVoteAsync(new Server("n2", answerer.LocalAddress), Requests.Vote(), default);
        Assert.That(Receiver.Received, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Calls_one_after_the_other_share_one_connection()
    {
        TcpTransport answerer = await AnswererAsync(await Ours.LayerAsync("n2"));
        TcpTransport asker = await AskerAsync(await Ours.LayerAsync("n1"));

        for (int i = 0; i < 20; i++)
        {
            await asker.RequestVoteAsync(new Server("n2", answerer.LocalAddress), Requests.Vote(), default);
        }

        Assert.That((answerer.Acceptor!.ConnectionCount, asker.DialledCount), Is.EqualTo((1, 1)));
        Assert.That(Log.Count(2002), Is.EqualTo(1), "connections that were accepted");
    }

    private X509Certificate2 Certificate(string what) => what switch
    {
        "unknown" => Theirs.Issue("n2"),
        "expired" => Ours.Issue(["n2"], static _ => { }, TestAuthority.Now.AddDays(-9), TestAuthority.Now.AddDays(-8)),
        "usage" => Ours.Issue(["n2"], static _ => { }, uses: TestAuthority.ClientAuth),
        _ => Ours.Issue("n3", "n4"),
    };

    private Task<TcpTransport> AskerAsync(IStreamLayer layer) => ListenAsync(new() { StreamLayer = layer, LoggerFactory = Log });

    /// <summary>Asks n2 there, and waits for the failure.</summary>
    private async Task<TransportException> FailAsync(ServerAddress address, IStreamLayer? layer = null)
    {
        TcpTransport asker = await AskerAsync(layer ?? await Ours.LayerAsync("n1"));
        var failed = Assert.ThrowsAsync<TransportException>(
            async () => await asker.RequestVoteAsync(new Server("n2", address), Requests.Vote(), default));
        Assert.That(asker.DialledCount, Is.Zero, "nothing is kept of it");
        return failed!;
    }
}
