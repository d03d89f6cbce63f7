using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Bench;

/// <summary>An authority for one benchmark, and the certificates of its nodes, as PEM files in the benchmark's directory.</summary>
internal sealed class BenchCertificates : IDisposable
{
    private const string AuthorityFile = "ca.pem";
    private static readonly TimeSpan Life = TimeSpan.FromDays(1);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;
    private readonly DateTimeOffset _made = TimeProvider.System.GetUtcNow();

    /// <summary>Makes the authority.</summary>
    /// <param name="directory">Where its certificate goes, and those that it issues.</param>
    public BenchCertificates(string directory)
    {
        Directory = directory;
        System.IO.Directory.CreateDirectory(directory);
        var request = new CertificateRequest("CN=raftkv bench", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _authority = request.CreateSelfSigned(_made - Life, _made + Life);
        File.WriteAllText(Path.Combine(directory, AuthorityFile), _authority.ExportCertificatePem());
    }

    /// <summary>Where they lie.</summary>
    public string Directory { get; }

    /// <summary>The files of a node.</summary>
    public static TlsFiles FilesOf(string directory, string id)
    {
        string own = Path.Combine(directory, $"{id}.pem");
        return new TlsFiles(own, own, Path.Combine(directory, AuthorityFile));
    }

    /// <summary>Issues a node its certificate.</summary>
    public void Issue(string id)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={id}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(id);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.Create(
            _authority, _made - (Life / 2), _made + (Life / 2), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(
            FilesOf(Directory, id).Certificate, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _authority.Dispose();
        _key.Dispose();
    }
}
