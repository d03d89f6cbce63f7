using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Raft.Tests.Support;
using Raft.Transport.Tcp;

namespace Raft.Tests.Transport.Tls;

/// <summary>Who is refused at the port, each with a line that says why, and nothing of whom reaches the node.</summary>
[TestFixture]
public sealed class TlsAcceptingTests : TlsServers
{
    private static readonly byte[] Vote = Requests.Bytes(Requests.Vote());
    private static readonly byte[] Answer = Requests.Bytes(new RequestVoteResponse(Requests.Header));

    [TestCase("None", "Tls13")]
    [TestCase("Tls12", "Tls12")]
    [Reference("d03")]
    public async Task Whoever_proves_to_be_the_server_that_it_says_is_served(string asked, string agreed)
    {
        TcpTransport transport = await AnswererAsync(await Ours.LayerAsync("n2"));
        using TlsPeer peer = await TlsPeer.ConnectAsync(transport.LocalAddress, Ours.Issue("n1"), Enum.Parse<SslProtocols>(asked));

        for (int i = 0; i < 3; i++)
        {
            await peer.SendAsync(Vote);
            Assert.That(await peer.ReceiveAsync(Answer.Length), Is.EqualTo(Answer));
        }

        Assert.That(peer.Protocol.ToString(), Is.EqualTo(agreed));
        Assert.That(Log.All.Select(static l => l.Id), Has.None.InRange(UnprotectedEventId, DialledRefusesEventId));
    }

    [TestCase("unknown", "the certificate of 'CN=of n1' comes from an unknown authority, 'CN=another'")]
    [TestCase("forged", "was not signed by the authority that it names, 'CN=the cluster'")]
    [TestCase("expired", "the certificate of 'CN=of n1' expired on 20")]
    [TestCase("early", "the certificate of 'CN=of n1' is not valid before 20")]
    [TestCase("none", "it sent no certificate")]
    [TestCase("usage", "the certificate of 'CN=of n1' is not for this: its extended key usage lacks clientAuth")]
    [TestCase("nameless", "its certificate names no server")]
    [Reference("d03")]
    public async Task A_certificate_that_proves_nothing_is_refused_with_a_line_that_says_why(string what, string says)
    {
        TcpTransport transport = await AnswererAsync(await Ours.LayerAsync("n2"));
        using var forger = new TestAuthority();
        using TlsPeer peer = await TlsPeer.ConnectAsync(transport.LocalAddress, Certificate(what, forger));

        await peer.SendAsync(Vote);
        await peer.ExpectEndAsync();

        string line = await LineAsync(UnprovenEventId);
        Assert.That(line, Does.Contain($"Closing the connection of {peer.Name}, which did not prove who it is: ").And.Contain(says));
        await NothingReachedTheNodeAsync(transport);
    }

    [Test]
    public async Task A_certificate_that_another_server_issued_is_worth_nothing()
    {
        TcpTransport transport = await AnswererAsync(await Ours.LayerAsync("n2"));
        X509Certificate2 server = Ours.Issue("n3");
        using TlsPeer peer = await TlsPeer.ConnectAsync(transport.LocalAddress, TestAuthority.IssueBy(server, "n1"), issuers: [server]);

        await peer.SendAsync(Vote);
        await peer.ExpectEndAsync();

        Assert.That(await LineAsync(UnprovenEventId), Does.Contain("the certificate of 'CN=of n1' is not believed: "));
        await NothingReachedTheNodeAsync(transport);
    }

    [Test]
    public async Task Plain_text_is_refused_at_once()
    {
        TcpTransport transport = await AnswererAsync(await Ours.LayerAsync("n2"));
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);

        await peer.SendAsync(Vote);
        await peer.ExpectEndAsync();

        Assert.That(await LineAsync(UnprovenEventId), Does.Contain("it does not speak TLS: what it sent begins with 0x01"));
        await NothingReachedTheNodeAsync(transport);
    }

    [Test]
    public async Task An_older_protocol_is_refused()
    {
        TcpTransport transport = await AnswererAsync(await Ours.LayerAsync("n2"));
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);

        // A client that knows TLS 1.0 and no more (RFC 2246, 7.4.1.2).
        await peer.SendAndEndAsync(
            (byte[])[22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 1, .. new byte[32], 0, 0, 2, 0, 47, 1, 0]);

        Assert.That(await LineAsync(UnprovenEventId), Does.Contain("the TLS handshake failed: ").And.Contain("protocol"));
        await NothingReachedTheNodeAsync(transport);
    }

    [TestCase(0)]
    [TestCase(3)]
    [TestCase(int.MaxValue)]
    public async Task A_handshake_that_stalls_is_closed_when_its_time_is_over(int helloBytes)
    {
        var clock = new ManualClock();
        TcpTransport transport = await AnswererAsync(await LayerAsync(Ours.For("n2"), clock));
        byte[] hello = await TlsPeer.HelloAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);
        await peer.SendAsync(hello.AsMemory(0, Math.Min(helloBytes, hello.Length)));
        await Until.TrueAsync(() => clock.HasTimer(TimeSpan.FromSeconds(5)), "the time of the handshake has begun");
        if (helloBytes > hello.Length)
        {
            await peer.ReceiveAsync(1);
        }

        clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.That(transport.Acceptor!.ConnectionCount, Is.EqualTo(1));
        clock.Advance(TimeSpan.FromSeconds(0.1));

        Assert.That(await LineAsync(UnprovenEventId), Does.Contain("the TLS handshake did not end within 00:00:05"));
        await NothingReachedTheNodeAsync(transport);
    }

    [Test]
    public async Task Who_only_looks_whether_the_port_is_open_is_no_news()
    {
        TcpTransport transport = await AnswererAsync(await Ours.LayerAsync("n2"));
        TcpTransport asker = await ListenAsync(new() { StreamLayer = await Ours.LayerAsync("n1") });

        for (int i = 0; i < 3; i++)
        {
            Assert.That(
                await asker.ProbeAsync(new Server("n2", transport.LocalAddress), default), Is.EqualTo(ConnectOutcome.Connected));
        }

        await NothingReachedTheNodeAsync(transport);
        Assert.That(Log.Count(UnprovenEventId), Is.Zero);
    }

    [Test]
    [Reference("d03")]
    public async Task A_request_of_a_server_that_the_certificate_does_not_name_is_answered_with_the_reason_and_goes_no_further()
    {
        TcpTransport transport = await AnswererAsync(await Ours.LayerAsync("n3"));
        using TlsPeer peer = await TlsPeer.ConnectAsync(transport.LocalAddress, Ours.Issue("n2", "N1", "*.n1"));

        await peer.SendAsync(Vote);

        byte[] refusal = Requests.Bytes(null, "connection refused: its request names n1, and its certificate n2, N1");
        Assert.That(await peer.ReceiveAsync(refusal.Length), Is.EqualTo(refusal));
        await peer.ExpectEndAsync();
        Assert.That(
            await LineAsync(NotAdmittedEventId),
            Does.Contain($"Closing the connection of {peer.Name}, nothing of which reaches this node: its request names n1, and"));
        await NothingReachedTheNodeAsync(transport);
        Assert.That(Receiver.Disconnected, Is.Empty, "it is no news of n1 that somebody else has gone");
    }

    [Test]
    public async Task A_request_that_names_nobody_is_refused()
    {
        TcpTransport transport = await AnswererAsync(await Ours.LayerAsync("n2"));
        using TlsPeer peer = await TlsPeer.ConnectAsync(transport.LocalAddress, Ours.Issue("n1"));

        await peer.SendAsync(Requests.Bytes(new RequestVoteRequest(new RpcHeader(3, null, null)) { Term = 9 }));

        Assert.That(await LineAsync(NotAdmittedEventId), Does.Contain("its request names no server, as those of old versions do"));
        await NothingReachedTheNodeAsync(transport);
    }

    [Test]
    public async Task A_later_request_under_another_name_is_refused_too()
    {
        TcpTransport transport = await AnswererAsync(await Ours.LayerAsync("n2"));
        using TlsPeer peer = await TlsPeer.ConnectAsync(transport.LocalAddress, Ours.Issue("n1"));
        await peer.SendAsync(Vote);
        await peer.ReceiveAsync(Answer.Length);

        await peer.SendAsync(Requests.Bytes(new RequestVoteRequest(Requests.Header with { Id = "n3" }) { Term = 9 }));

        Assert.That(await LineAsync(NotAdmittedEventId), Does.Contain("its request names n3, and its certificate n1"));
        Assert.That(Receiver.Received, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Without_binding_any_certificate_of_the_authority_is_good_for_any_name()
    {
        TlsCredentials credentials = Ours.For("n2");
        TcpTransport transport = await AnswererAsync(
            await TlsStreamLayer.OpenAsync(new TlsOptions { Credentials = () => credentials, BindsIds = false }));
        using TlsPeer peer = await TlsPeer.ConnectAsync(transport.LocalAddress, Ours.Issue());

        await peer.SendAsync(Vote);

        Assert.That(await peer.ReceiveAsync(Answer.Length), Is.EqualTo(Answer));
    }

    [Test]
    public async Task Many_refusals_in_a_row_write_few_lines()
    {
        TcpTransport transport = await AnswererAsync(await Ours.LayerAsync("n2"));
        for (int i = 0; i < 40; i++)
        {
            using RawPeer peer = await RawPeer.ConnectAsync(transport.LocalAddress);
            await peer.SendAsync(Vote);
            await peer.ExpectEndAsync();
        }

        Assert.That(Log.Count(UnprovenEventId), Is.InRange(1, 20), "one in a second");
    }

    private X509Certificate2? Certificate(string what, TestAuthority forger) => what switch
    {
        "unknown" => Theirs.Issue("n1"),
        "forged" => forger.Issue("n1"),
        "expired" => Ours.Issue(["n1"], static _ => { }, TestAuthority.Now.AddDays(-9), TestAuthority.Now.AddDays(-8)),
        "early" => Ours.Issue(["n1"], static _ => { }, TestAuthority.Now.AddDays(8)),
        "usage" => Ours.Issue(["n1"], static _ => { }, uses: TestAuthority.ServerAuth),
        "nameless" => Ours.Issue(),
        _ => null,
    };

    private async Task NothingReachedTheNodeAsync(TcpTransport transport)
    {
        await Until.TrueAsync(() => transport.Acceptor!.ConnectionCount == 0, "it is closed");
        Assert.That(Receiver.Received, Is.Empty);
        Assert.That(transport.Acceptor!.Budget.UsedBytes, Is.Zero);
    }
}
