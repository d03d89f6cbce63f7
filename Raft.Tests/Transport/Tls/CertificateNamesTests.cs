using System.Security.Cryptography.X509Certificates;
using Raft.Tests.Support;
using Raft.Transport.Tcp;

namespace Raft.Tests.Transport.Tls;

/// <summary>Which servers a certificate names.</summary>
[TestFixture]
public sealed class CertificateNamesTests
{
    private readonly TestAuthority _authority = new();

    [OneTimeTearDown]
    public void End() => _authority.Dispose();

    [Test]
    public void A_DNS_name_is_the_id_as_it_stands() =>
        Assert.That(Names(["n1", "db-2.example.com", "N3"], static _ => { }), Is.EqualTo(Ids("n1", "db-2.example.com", "N3")));

    [Test]
    public void A_name_with_an_asterisk_names_nobody() =>
        Assert.That(Names(["*.example.com", "*", "n*"], static _ => { }), Is.Empty);

    [TestCase("raft:n1", "n1")]
    [TestCase("RAFT:n1", "n1")]
    [TestCase("raft:127.0.0.1:7001", "127.0.0.1:7001")]
    [TestCase("raft:10.0.0.1%3A7001", "10.0.0.1:7001")]
    [TestCase("raft:rack%202/node_1", "rack 2/node_1")]
    [TestCase("raft:%C3%BC", "ü")]
    public void A_URI_with_the_scheme_raft_is_the_id_with_its_percents_resolved(string text, string id) =>
        Assert.That(Names([], n => n.AddUri(new Uri(text))), Is.EqualTo(Ids(id)));

    [Test]
    public void Other_forms_and_the_common_name_name_nobody() =>
        Assert.That(
            Names([], static n =>
            {
                n.AddUri(new Uri("spiffe://cluster/n1"));
                n.AddEmailAddress("n1@example.com");
                n.AddIpAddress(System.Net.IPAddress.Loopback);
                n.AddUserPrincipalName("n1");
            }),
            Is.Empty);

    [Test]
    public void Several_names_are_several_ids() =>
        Assert.That(
            Names(["n1"], static n => n.AddUri(new Uri("raft:10.0.0.1:7001"))), Is.EqualTo(Ids("n1", "10.0.0.1:7001")));

    [Test]
    public void Names_that_cannot_be_read_name_nobody()
    {
        using var key = System.Security.Cryptography.ECDsa.Create();
        var request = new CertificateRequest("CN=n1", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509Extension("2.5.29.17", [0x30, 0x06, 0x82, 0x02, (byte)'n', (byte)'1', 0x82, 0x7f], critical: false));
        using X509Certificate2 certificate = request.CreateSelfSigned(TestAuthority.Now, TestAuthority.Now.AddDays(1));

        Assert.That(CertificateNames.Of(certificate), Is.Empty);
    }

    private IReadOnlyList<ServerId> Names(string[] dns, Action<SubjectAlternativeNameBuilder> change) =>
        CertificateNames.Of(_authority.Issue(dns, change));

    private static ServerId[] Ids(params string[] ids) => [.. ids.Select(static id => (ServerId)id)];
}
