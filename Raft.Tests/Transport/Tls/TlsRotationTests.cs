using System.Security.Cryptography;
using Raft.Tests.Support;
using Raft.Transport.Tcp;

namespace Raft.Tests.Transport.Tls;

/// <summary>Certificates that are replaced while servers run.</summary>
[TestFixture]
public sealed class TlsRotationTests : TlsServers
{
    private static readonly byte[] Vote = Requests.Bytes(Requests.Vote());
    private static readonly byte[] Answer = Requests.Bytes(new RequestVoteResponse(Requests.Header));

    private TemporaryDirectory _directory = null!;
    private TlsOptions _files = null!;
    private string _first = null!;

    [SetUp]
    public void Write()
    {
        _directory = new TemporaryDirectory();
        _first = Put("n2");
    }

    [TearDown]
    public void Remove() => _directory.Dispose();

    [Test]
    [Reference("d03")]
    public async Task A_new_certificate_counts_from_the_next_connection_on_and_open_ones_go_on()
    {
        TcpTransport transport = await StartAsync();
        using TlsPeer before = await AskAsync(transport);
        Assert.That(before.SerialNumber, Is.EqualTo(_first));

        string second = Put("n2");
        using TlsPeer after = await AskAsync(transport);
        await before.SendAsync(Vote);

        Assert.That(after.SerialNumber, Is.EqualTo(second).And.Not.EqualTo(_first));
        Assert.That(await before.ReceiveAsync(Answer.Length), Is.EqualTo(Answer));
        Assert.That(Log.Count(InForceEventId), Is.EqualTo(2), "one line for each, and none for what has not changed");
        Assert.That(Log.All.Last(l => l.Id == InForceEventId).Text, Does.Contain(second).And.Contain("for n2, valid until 2"));
    }

    [Test]
    public async Task What_dials_uses_the_new_certificate_too()
    {
        TcpTransport answerer = await AnswererAsync(await Ours.LayerAsync("n1"));
        TcpTransport asker = await ListenAsync(new() { StreamLayer = await OpenAsync(localId: null), PoolSize = 0 });
        var target = new Server("n1", answerer.LocalAddress);
        var vote = new RequestVoteRequest(Requests.Header with { Id = "n5" }) { Term = 1 };
        Assert.ThrowsAsync<TransportException>(async () => await asker.RequestVoteAsync(target, vote, default));

        Put("n5");

        await asker.RequestVoteAsync(target, vote, default);
    }

    [TestCase("gone", "cannot be read: Could not find file")]
    [TestCase("empty", "has 0 bytes")]
    [TestCase("torn", "holds")]
    [TestCase("no certificate", "holds no certificate")]
    [TestCase("no key", "does not hold the private key of the first certificate in")]
    [TestCase("another's key", "does not hold the private key of the first certificate in")]
    [TestCase("another's name", "names n3, and not this server, n2")]
    [TestCase("expired", "it is valid from 20")]
    [TestCase("another authority's", "n2")]
    [TestCase("no root", "none of the authorities is one that issued itself")]
    public async Task What_cannot_be_used_is_told_and_the_one_before_stays_in_force_until_it_is_mended(string what, string says)
    {
        TcpTransport transport = await StartAsync();
        using (await AskAsync(transport))
        {
            Break(what);
        }

        for (int i = 0; i < 3; i++)
        {
            using TlsPeer peer = await AskAsync(transport);
            Assert.That(peer.SerialNumber, Is.EqualTo(_first));
        }

        Assert.That(Log.Count(NotUsedEventId), Is.EqualTo(1), "not at each handshake");
        Assert.That(await LineAsync(NotUsedEventId), Does.Contain(says).And.Contain($"stays in force: CN=of n2, serial number {_first}"));
        string mended = Put("n2");
        using TlsPeer after = await AskAsync(transport);
        Assert.That(after.SerialNumber, Is.EqualTo(mended));
    }

    [TestCase("gone", "cannot be read")]
    [TestCase("another's key", "does not hold the private key of the first certificate in")]
    [TestCase("another's name", "names n3, and not this server, n2")]
    public void Files_that_cannot_be_used_at_the_start_are_refused(string what, string says)
    {
        Break(what);

        Assert.That(async () => await OpenAsync(), Throws.InstanceOf<RaftException>().With.Message.Contains(says));
    }

    [Test]
    public async Task One_that_has_expired_at_the_start_is_told_and_may_be_replaced()
    {
        Break("expired");
        TcpTransport transport = await StartAsync();
        Assert.That(
            await LineAsync(DoubtedEventId),
            Does.Contain("Servers with the same authorities will refuse this server: the certificate of 'CN=of n2' expired on"));

        string second = Put("n2");

        using TlsPeer peer = await AskAsync(transport);
        Assert.That(peer.SerialNumber, Is.EqualTo(second));
    }

    [Test]
    public async Task An_authority_takes_the_place_of_another_while_both_stand_in_the_file()
    {
        TcpTransport transport = await StartAsync();
        using TlsPeer stranger = await TlsPeer.ConnectAsync(transport.LocalAddress, Theirs.Issue("n1"));
        await stranger.ExpectEndAsync();

        await File.AppendAllTextAsync(_files.AuthorityFile!, "\n" + Theirs.Certificate.ExportCertificatePem());

        using TlsPeer old = await AskAsync(transport);
        using TlsPeer renewed = await TlsPeer.ConnectAsync(transport.LocalAddress, Theirs.Issue("n1"));
        await renewed.SendAsync(Vote);
        Assert.That(await renewed.ReceiveAsync(Answer.Length), Is.EqualTo(Answer));
        await File.WriteAllTextAsync(_files.AuthorityFile!, Theirs.Certificate.ExportCertificatePem());
        using TlsPeer late = await TlsPeer.ConnectAsync(transport.LocalAddress, Ours.Issue("n1"));
        await late.ExpectEndAsync();
    }

    [Test]
    public async Task Credentials_of_a_delegate_are_asked_for_before_each_handshake_and_what_it_throws_is_told()
    {
        TlsCredentials first = Ours.For("n2"), second = Ours.For("n2");
        Func<TlsCredentials> give = () => first;
        TcpTransport transport = await AnswererAsync(
            await TlsStreamLayer.OpenAsync(new TlsOptions { Credentials = () => give(), LoggerFactory = Log }));
        using TlsPeer before = await AskAsync(transport);

        give = static () => throw new TaskCanceledException("the vault is slow");
        (await AskAsync(transport)).Dispose();
        give = static () => throw new InvalidOperationException("the vault is closed");
        using TlsPeer meanwhile = await AskAsync(transport);
        give = () => second;
        using TlsPeer after = await AskAsync(transport);

        Assert.That(
            (before.SerialNumber, meanwhile.SerialNumber, after.SerialNumber),
            Is.EqualTo((first.Certificate.SerialNumber, first.Certificate.SerialNumber, second.Certificate.SerialNumber)));
        Assert.That(
            Log.All.Where(l => l.Id == NotUsedEventId).Select(l => l.Text).ToArray(),
            Has.Length.EqualTo(2).And.One.Contains("the vault is slow").And.One.Contains("the vault is closed"));
        Assert.That(Log.Count(InForceEventId), Is.EqualTo(2));
    }

    [Test]
    public async Task Credentials_that_do_not_come_hold_no_handshake_up_and_are_taken_when_they_do()
    {
        TlsCredentials first = Ours.For("n2"), second = Ours.For("n2");
        using var held = new ManualResetEventSlim(initialState: true);
        TlsCredentials given = first;
        TlsCredentials Give()
        {
            held.Wait();
            return given;
        }

        TcpTransport transport = await AnswererAsync(await TlsStreamLayer.OpenAsync(
            new TlsOptions { Credentials = Give, HandshakeTimeout = TimeSpan.FromSeconds(2), LoggerFactory = Log }));
        given = second;
        held.Reset();
        for (int i = 0; i < 3; i++)
        {
            using TlsPeer meanwhile = await AskAsync(transport);
            Assert.That(meanwhile.SerialNumber, Is.EqualTo(first.Certificate.SerialNumber));
        }

        Assert.That(await LineAsync(NotUsedEventId), Does.Contain("not read in time"));
        Assert.That(Log.Count(NotUsedEventId), Is.EqualTo(1));
        held.Set();
        await Until.TrueAsync(() => Log.Count(InForceEventId) == 2, "they came after all");
        using TlsPeer after = await AskAsync(transport);
        Assert.That(after.SerialNumber, Is.EqualTo(second.Certificate.SerialNumber));
    }

    [Test]
    public async Task One_that_expires_while_it_is_in_force_is_told()
    {
        Ours.Write(_directory, "own", Ours.Issue(
            ["n2"], static _ => { }, TestAuthority.Now.AddDays(-9), TimeProvider.System.GetUtcNow().AddSeconds(2)));
        TcpTransport transport = await StartAsync();
        Assert.That(Log.Count(DoubtedEventId), Is.Zero);
        await Task.Delay(TimeSpan.FromSeconds(3));

        (await TlsPeer.ConnectAsync(transport.LocalAddress, Ours.Issue("n1"))).Dispose();

        Assert.That(await LineAsync(DoubtedEventId), Does.Contain("it expired at 20"));
    }

    [Test]
    public async Task What_leads_to_the_authority_is_sent_along()
    {
        using var between = new TestAuthority("between", above: Ours);
        _files = between.Write(_directory, "n2", between.Issue("n2"));
        TcpTransport answerer = await StartAsync();
        TcpTransport asker = await ListenAsync(new() { StreamLayer = await between.LayerAsync("n1") });

        await asker.RequestVoteAsync(new Server("n2", answerer.LocalAddress), Requests.Vote(), default);

        Assert.That(Receiver.Received, Has.Count.EqualTo(1));
        Assert.That(Log.Count(DoubtedEventId), Is.Zero);
    }

    [Test]
    public void Settings_that_contradict_each_other_are_refused()
    {
        TlsCredentials credentials = Ours.For("n2");
        foreach (TlsOptions wrong in (TlsOptions[])
            [
                new(),
                new() { CertificateFile = "a", KeyFile = "b" },
                new() { CertificateFile = "a", KeyFile = "b", AuthorityFile = "c", Credentials = () => credentials },
                new() { Credentials = () => credentials, HandshakeTimeout = TimeSpan.Zero },
                new() { Credentials = () => credentials, HandshakeTimeout = TimeSpan.FromDays(1) },
            ])
        {
            Assert.That(async () => await TlsStreamLayer.OpenAsync(wrong), Throws.InstanceOf<ArgumentException>());
        }
    }

    private string Put(params string[] ids)
    {
        var certificate = Ours.Issue(ids);
        _files = Ours.Write(_directory, "own", certificate);
        return certificate.SerialNumber;
    }

    private void Break(string what)
    {
        switch (what)
        {
            case "gone":
                File.Delete(_files.CertificateFile!);
                break;
            case "empty":
                File.WriteAllText(_files.CertificateFile!, "");
                break;
            case "torn":
                File.WriteAllText(_files.CertificateFile!, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
                break;
            case "no certificate":
                File.WriteAllText(_files.AuthorityFile!, "nothing of the kind\n");
                break;
            case "no key":
                File.WriteAllText(_files.CertificateFile!, Ours.Issue("n2").ExportCertificatePem());
                break;
            case "another's key":
                using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
                {
                    File.WriteAllText(
                        _files.CertificateFile!, Ours.Issue("n2").ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
                }

                break;
            case "another's name":
                Put("n3");
                break;
            case "another authority's":
                Ours.Write(_directory, "own", Theirs.Issue("n2"));
                break;
            case "expired":
                Ours.Write(_directory, "own", Ours.Issue(
                    ["n2"], static _ => { }, TestAuthority.Now.AddDays(-9), TestAuthority.Now.AddDays(-8)));
                break;
            default:
                using (var between = new TestAuthority("between", above: Ours))
                {
                    File.WriteAllText(_files.AuthorityFile!, between.Certificate.ExportCertificatePem());
                }

                break;
        }
    }

    private ValueTask<TlsStreamLayer> OpenAsync(string? localId = "n2") => TlsStreamLayer.OpenAsync(new TlsOptions
    {
        CertificateFile = _files.CertificateFile,
        KeyFile = _files.KeyFile,
        AuthorityFile = _files.AuthorityFile,
        LocalId = localId,
        LoggerFactory = Log,
    });

    private async Task<TcpTransport> StartAsync() => await AnswererAsync(await OpenAsync());

    private async Task<TlsPeer> AskAsync(TcpTransport transport)
    {
        TlsPeer peer = await TlsPeer.ConnectAsync(transport.LocalAddress, Ours.Issue("n1"));
        await peer.SendAsync(Vote);
        Assert.That(await peer.ReceiveAsync(Answer.Length), Is.EqualTo(Answer));
        return peer;
    }
}
