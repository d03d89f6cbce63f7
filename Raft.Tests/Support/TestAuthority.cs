using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Raft.Transport.Tcp;

namespace Raft.Tests.Support;

/// <summary>An authority that lives as long as a test, and issues it certificates.</summary>
internal sealed class TestAuthority : IDisposable
{
    public const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    public const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly List<X509Certificate2> _issued = [];

    public TestAuthority(string name = "the cluster", TestAuthority? above = null)
    {
        Above = above;
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        if (above is null)
        {
            Certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-2), DateTimeOffset.UtcNow.AddYears(2));
        }
        else
        {
            using X509Certificate2 bare = request.Create(
                above.Certificate, DateTimeOffset.UtcNow.AddYears(-1), DateTimeOffset.UtcNow.AddYears(1), RandomNumberGenerator.GetBytes(8));
            Certificate = bare.CopyWithPrivateKey(_key);
        }
    }

    public TestAuthority? Above { get; }

    public X509Certificate2 Certificate { get; }

    public static DateTimeOffset Now => DateTimeOffset.UtcNow;

    /// <summary>Issues a certificate for servers.</summary>
    public X509Certificate2 Issue(params string[] ids) => Issue(ids, static _ => { });

    /// <summary>Issues one that may differ from what it should be.</summary>
    /// <param name="ids">Its DNS names.</param>
    /// <param name="change">What differs.</param>
    /// <param name="from">From when it is valid.</param>
    /// <param name="until">Until when.</param>
    /// <param name="uses">What it is for.</param>
    public X509Certificate2 Issue(
        string[] ids, Action<SubjectAlternativeNameBuilder> change, DateTimeOffset? from = null, DateTimeOffset? until = null,
        params string[] uses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=of {string.Join(' ', ids)}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        Array.ForEach(ids, names.AddDnsName);
        change(names);
        X509Extension extension = names.Build();
        if (extension.RawData.Length > 2)
        {
            request.CertificateExtensions.Add(extension);
        }

        OidCollection oids = [];
        foreach (string use in uses.Length > 0 ? uses : [ServerAuth, ClientAuth])
        {
            oids.Add(new Oid(use));
        }

        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(oids, critical: false));
        using X509Certificate2 bare = request.Create(
            Certificate, from ?? Now.AddDays(-1), until ?? Now.AddDays(30), RandomNumberGenerator.GetBytes(8));
        X509Certificate2 issued = bare.CopyWithPrivateKey(key);
        _issued.Add(issued);
        return issued;
    }

    /// <summary>A certificate that a server made with its own, though that is for no such thing.</summary>
    public static X509Certificate2 IssueBy(X509Certificate2 server, string id)
    {
        using ECDsa serverKey = server.GetECDsaPrivateKey()!;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=of {id}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(id);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 bare = request.Create(
            server.SubjectName, X509SignatureGenerator.CreateForECDsa(serverKey), Now.AddDays(-1), Now.AddDays(1),
            RandomNumberGenerator.GetBytes(8));
        return bare.CopyWithPrivateKey(key);
    }

    /// <summary>Credentials for servers, under this authority.</summary>
    public TlsCredentials For(params string[] ids) => Of(Issue(ids));

    /// <summary>Credentials with a certificate, under this authority.</summary>
    public TlsCredentials Of(X509Certificate2? certificate) => new()
    {
        Certificate = certificate!,
        Intermediates = Above is null ? [] : [Certificate],
        Authorities = [Root],
    };

    /// <summary>A layer for servers.</summary>
    public ValueTask<TlsStreamLayer> LayerAsync(params string[] ids)
    {
        TlsCredentials credentials = For(ids);
        return TlsStreamLayer.OpenAsync(new TlsOptions { Credentials = () => credentials });
    }

    /// <summary>Writes the files of a server, so that no reader meets a part of one.</summary>
    public TlsOptions Write(TemporaryDirectory directory, string name, X509Certificate2 certificate)
    {
        Put(directory.File($"{name}.pem"), string.Join(
            '\n', new[] { certificate }.Concat(Above is null ? [] : [Certificate]).Select(static c => c.ExportCertificatePem())
                .Append(certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())));
        Put(directory.File($"{name}-ca.pem"), Root.ExportCertificatePem());
        return new TlsOptions
        {
            CertificateFile = directory.File($"{name}.pem"),
            KeyFile = directory.File($"{name}.pem"),
            AuthorityFile = directory.File($"{name}-ca.pem"),
        };
    }

    public void Dispose()
    {
        _issued.ForEach(static c => c.Dispose());
        Certificate.Dispose();
        _key.Dispose();
    }

    private X509Certificate2 Root => (Above ?? this).Certificate;

    private static void Put(string file, string text)
    {
        File.WriteAllText(file + ".new", text);
        File.Move(file + ".new", file, overwrite: true);
    }
}
