using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Raft.Transport.Tcp;

/// <summary>The three files of <see cref="TlsOptions"/>. Owned by a <see cref="CredentialSource"/>; read by one task at a time.</summary>
/// <remarks>
/// What is compared is what they hold: times of files are coarse, are kept by copies, and stand still behind links. Three small files
/// cost little beside a handshake.
/// </remarks>
internal sealed class PemFiles(string certificateFile, string keyFile, string authorityFile)
{
    private const int BytesMax = 1024 * 1024;

    private byte[] _seen = [];
    private byte[] _read = [];

    /// <summary>Reads them.</summary>
    /// <returns>What they hold; null where that is what was <see cref="Accept"/>ed last.</returns>
    /// <exception cref="RaftException">A file cannot be read, or does not hold what it should.</exception>
    public async Task<TlsCredentials?> ReadAsync(CancellationToken cancellationToken)
    {
        byte[] certificate = await ReadAsync(certificateFile, cancellationToken).ConfigureAwait(false);
        byte[] key = await ReadAsync(keyFile, cancellationToken).ConfigureAwait(false);
        byte[] authority = await ReadAsync(authorityFile, cancellationToken).ConfigureAwait(false);
        try
        {
            _read = [.. SHA256.HashData(certificate), .. SHA256.HashData(key), .. SHA256.HashData(authority)];
            return _read.AsSpan().SequenceEqual(_seen) ? null : Parse(certificate, key, authority);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>What was read last is in force: until a file has changed there is nothing to do.</summary>
    public void Accept() => _seen = _read;

    private static async Task<byte[]> ReadAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, useAsync: true);
            await using (stream.ConfigureAwait(false))
            {
                byte[] bytes = new byte[stream.Length is > 0 and <= BytesMax
                    ? stream.Length : throw new RaftException($"'{file}' has {stream.Length} bytes; name a PEM file of 1 MiB at most")];
                await stream.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
                return bytes;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new RaftException($"'{file}' cannot be read: {exception.Message}", exception);
        }
    }

    private TlsCredentials Parse(byte[] certificate, byte[] key, byte[] authority)
    {
        X509Certificate2Collection chain = Certificates(certificate, certificateFile);
        char[] keyText = Encoding.UTF8.GetChars(key);
        try
        {
            return new TlsCredentials
            {
                Certificate = X509Certificate2.CreateFromPem(chain[0].ExportCertificatePem(), keyText),
                Intermediates = [.. chain.Skip(1)],
                Authorities = Certificates(authority, authorityFile),
            };
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new RaftException(
                $"'{keyFile}' does not hold the private key of the first certificate in '{certificateFile}', as PEM and not encrypted: "
                + exception.Message, exception);
        }
        finally
        {
            Array.Clear(keyText);
        }
    }

    private static X509Certificate2Collection Certificates(byte[] pem, string file)
    {
        try
        {
            X509Certificate2Collection found = [];
            found.ImportFromPem(Encoding.UTF8.GetString(pem));
            return found.Count > 0 ? found : throw new RaftException($"'{file}' holds no certificate; name a PEM file that does");
        }
        catch (CryptographicException exception)
        {
            throw new RaftException($"'{file}' holds what is no certificate: {exception.Message}", exception);
        }
    }
}
