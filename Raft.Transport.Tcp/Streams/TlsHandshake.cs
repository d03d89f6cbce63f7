using System.Globalization;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Raft.Transport.Tcp;

/// <summary>
/// Makes one connection private, within a time, and finds out who is at the other side. Owned by the <see cref="TlsConnection"/>.
/// </summary>
/// <param name="connection">The connection; closed when the time is over.</param>
/// <param name="stream">The same as a stream.</param>
/// <param name="options">The layer's settings.</param>
/// <param name="source">Where the certificate comes from.</param>
/// <param name="target">Who was dialled; null where the other side dialled.</param>
internal sealed class TlsHandshake(
    IStreamConnection connection, ConnectionStream stream, TlsOptions options, CredentialSource source, Server? target)
{
    // What a record begins with (RFC 8446, 5.1): one of a handshake, and one that says what is wrong with it.
    private const byte HandshakeRecord = 22;
    private const byte AlertRecord = 21;

    private string? _objection;

    /// <summary>The servers that the other side's certificate names; null where that does not matter.</summary>
    public IReadOnlyCollection<ServerId>? ProvenIds { get; private set; }

    /// <summary>Shakes hands.</summary>
    /// <returns>The private stream; null where the other side ended the connection before it said anything.</returns>
    /// <exception cref="AuthenticationException">Nothing came of it, and nothing else was sent: the message says why.</exception>
    public async Task<SslStream?> RunAsync()
    {
        using var limit = new CancellationTokenSource(options.HandshakeTimeout, options.TimeProvider);
        SslStream? ssl = null;
        try
        {
            using (limit.Token.UnsafeRegister(Close, connection))
            {
                // Whoever says nothing is to cost next to nothing; and who only looks whether the port is open does no wrong.
                if (target is null && !await stream.PeekAsync().ConfigureAwait(false))
                {
                    return null;
                }

                _objection = target is null && stream.FirstByte != HandshakeRecord ? NoTls() : null;
                if (_objection is not null)
                {
                    throw new AuthenticationException(_objection);
                }

                TlsIdentity identity = await source.TakeAsync(limit.Token).ConfigureAwait(false);
                ssl = new SslStream(stream, leaveInnerStreamOpen: true);
                await (target is null
                    ? ssl.AuthenticateAsServerAsync(identity.ForServer(Validate), limit.Token)
                    : ssl.AuthenticateAsClientAsync(identity.ForClient(Validate), limit.Token)).ConfigureAwait(false);
            }

            limit.Token.ThrowIfCancellationRequested();
            return ssl;
        }
        catch (Exception exception)
        {
            if (ssl is not null)
            {
                await ssl.DisposeAsync().ConfigureAwait(false);
            }

            string reason = limit.IsCancellationRequested
                ? string.Create(CultureInfo.InvariantCulture, $"the TLS handshake did not end within {options.HandshakeTimeout}")
                : _objection ?? Reason(exception);
            throw new AuthenticationException(reason, exception);
        }
    }

    private static void Close(object? connection)
    {
        try
        {
            ((IStreamConnection)connection!).Dispose();
        }
        catch (Exception)
        {
            // The user's stream. This runs on a timer, where an exception would end the process.
        }
    }

    private bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var theirs = certificate as X509Certificate2;
        _objection = CertificateVerdict.Objection(theirs, chain, errors, isServer: target is not null);
        if (_objection is null && options.BindsIds)
        {
            IReadOnlyList<ServerId> ids = CertificateNames.Of(theirs!);
            ProvenIds = ids;
            _objection = NameObjection(ids);
        }

        return _objection is null;
    }

    // Which of its names a server that dialled goes by, its requests say.
    private string? NameObjection(IReadOnlyList<ServerId> ids)
    {
        if (target is null)
        {
            return ids.Count == 0 ? "its certificate names no server" : null;
        }

        if (target.Id.IsEmpty)
        {
            return "its id is not known, so that no certificate can name it";
        }

        return ids.Contains(target.Id) ? null : $"the certificate that answers names {CertificateNames.Text(ids)}, and not {target.Id}";
    }

    private string Reason(Exception exception)
    {
        if (stream.FirstByte is null)
        {
            return $"it did not answer the TLS handshake, and may not speak TLS: {StreamFailure.Cause(exception)}";
        }

        if (stream.FirstByte is not (HandshakeRecord or AlertRecord))
        {
            return NoTls();
        }

        return stream.HasEnded
            ? "it ended the connection within the TLS handshake"
            : $"the TLS handshake failed: {StreamFailure.Cause(exception)}";
    }

    private string NoTls() =>
        string.Create(CultureInfo.InvariantCulture, $"it does not speak TLS: what it sent begins with 0x{stream.FirstByte:x2}");
}
