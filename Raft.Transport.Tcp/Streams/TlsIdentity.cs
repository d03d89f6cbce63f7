using System.Globalization;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Raft.Transport.Tcp;

/// <summary>Credentials as a handshake needs them. Immutable; what began with it goes on with it after it was replaced.</summary>
internal sealed class TlsIdentity
{
    private readonly X509Certificate2Collection _roots = [];
    private readonly X509Certificate2Collection _others = [];
    private readonly SslStreamCertificateContext _context;

    private TlsIdentity(TlsCredentials credentials, X509Certificate2 certificate)
    {
        foreach (X509Certificate2 authority in credentials.Authorities)
        {
            bool isRoot = authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData);
            (isRoot ? _roots : _others).Add(authority);
        }

        Require(
            _roots.Count > 0,
            "none of the authorities is one that issued itself; put what lies between into the file of the certificate, behind it");
        Names = CertificateNames.Of(certificate);
        Certificate = certificate;
        _context = SslStreamCertificateContext.Create(certificate, credentials.Intermediates, offline: true);
        Doubt = OwnDoubt(certificate, credentials.Intermediates);
    }

    /// <summary>The server's own certificate.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The servers that it names.</summary>
    public IReadOnlyList<ServerId> Names { get; }

    /// <summary>Why servers with the same authorities would refuse it; null if they would not.</summary>
    public string? Doubt { get; }

    /// <summary>Makes an identity of credentials.</summary>
    /// <param name="credentials">What was given.</param>
    /// <param name="options">The layer's settings.</param>
    /// <exception cref="RaftException">Nothing can be done with them: the message says why.</exception>
    public static TlsIdentity Create(TlsCredentials credentials, TlsOptions options)
    {
        X509Certificate2 certificate = credentials.Certificate;
        Require(certificate.HasPrivateKey, $"the certificate of '{Subject(certificate)}' comes without its private key");
        try
        {
            var identity = new TlsIdentity(credentials, Usable(certificate));
            Require(
                !options.BindsIds || options.LocalId.IsEmpty || identity.Names.Contains(options.LocalId),
                $"the certificate of '{Subject(certificate)}' names {CertificateNames.Text(identity.Names)}, and not this server, "
                + $"{options.LocalId}");
            return identity;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or NotSupportedException)
        {
            throw new RaftException($"the certificate of '{Subject(certificate)}' cannot be used: {exception.Message}", exception);
        }
    }

    /// <summary>The settings for a connection that another server opened.</summary>
    public SslServerAuthenticationOptions ForServer(RemoteCertificateValidationCallback validate) => new()
    {
        ServerCertificateContext = _context,
        ClientCertificateRequired = true,
        EnabledSslProtocols = Protocols,
        CertificateChainPolicy = NewPolicy(),
        RemoteCertificateValidationCallback = validate,
        AllowRenegotiation = false,

        // Each connection proves anew who it is, by the certificates that are in force now; connections last, so it costs nothing.
        AllowTlsResume = false,
    };

    /// <summary>The settings for a connection that this server opened. Whose name must be there, the callback says.</summary>
    public SslClientAuthenticationOptions ForClient(RemoteCertificateValidationCallback validate) => new()
    {
        ClientCertificateContext = _context,
        EnabledSslProtocols = Protocols,
        CertificateChainPolicy = NewPolicy(),
        RemoteCertificateValidationCallback = validate,
        AllowRenegotiation = false,
        AllowTlsResume = false,
    };

    /// <summary>Who it is and until when, for a log line.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Subject(Certificate)}, serial number {Certificate.SerialNumber}, for {CertificateNames.Text(Names)}, valid until {Certificate.NotAfter.ToUniversalTime():u}");

    // Nothing older is to be had from it, whatever the system's policy allows; what is newer is the runtime's to add.
#pragma warning disable CA5398
    private static SslProtocols Protocols => SslProtocols.Tls12 | SslProtocols.Tls13;
#pragma warning restore CA5398

    private static string Subject(X509Certificate2 certificate) => StreamFailure.Printable(certificate.Subject);

    // Windows uses a key in a handshake only from a store or a PKCS #12.
    private static X509Certificate2 Usable(X509Certificate2 certificate) => OperatingSystem.IsWindows()
        ? X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null) : certificate;

    private static void Require(bool isRight, string otherwise)
    {
        if (!isRight)
        {
            throw new RaftException(otherwise);
        }
    }

    // Nothing is asked about revocation: that would have a cluster depend on a service while it elects its leader. Whoever has to be
    // shut out before its certificate expires is shut out by a new authority (docs/tls.md).
    private X509ChainPolicy NewPolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(_roots);
        policy.ExtraStore.AddRange(_others);
        return policy;
    }

    private string? OwnDoubt(X509Certificate2 certificate, X509Certificate2Collection intermediates)
    {
        foreach (bool isServer in (bool[])[true, false])
        {
            using var chain = new X509Chain { ChainPolicy = NewPolicy() };
            chain.ChainPolicy.ExtraStore.AddRange(intermediates);
            chain.ChainPolicy.ApplicationPolicy.Add(CertificateVerdict.Usage(isServer));
            if (!chain.Build(certificate))
            {
                return CertificateVerdict.Objection(certificate, chain, isServer);
            }
        }

        return null;
    }
}
