using System.Net;
using Microsoft.Extensions.Logging;

namespace Raft.Transport.Tcp;

/// <summary>
/// Mutual TLS 1.2 and 1.3 over another layer: nobody reads or changes what servers say to each other, and each proves by its
/// certificate which server it is.
/// </summary>
/// <remarks>docs/tls.md says how certificates are made, which server one names, how they are replaced, and what is refused.</remarks>
public sealed class TlsStreamLayer : IStreamLayer
{
    private readonly TlsOptions _options;
    private readonly IStreamLayer _inner;
    private readonly CredentialSource _source;

    private TlsStreamLayer(TlsOptions options, IStreamLayer inner, CredentialSource source)
    {
        _options = options;
        _inner = inner;
        _source = source;
    }

    /// <inheritdoc/>
    public bool IsAuthenticated => true;

    /// <summary>Reads the certificates and makes the layer, for <see cref="TcpTransportOptions.StreamLayer"/>.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="inner">What carries it; plain sockets by default.</param>
    /// <returns>The layer.</returns>
    /// <exception cref="ArgumentException">A setting is missing or out of range.</exception>
    /// <exception cref="RaftException">
    /// The certificates cannot be used: a file cannot be read or holds something else, a key is another's, or a certificate does not name
    /// <see cref="TlsOptions.LocalId"/>. One that has expired is only told in the log: another may take its place. Beside it, whatever
    /// <see cref="TlsOptions.Credentials"/> throws.
    /// </exception>
    public static async ValueTask<TlsStreamLayer> OpenAsync(TlsOptions options, IStreamLayer? inner = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var logger = new ForgivingLogger(options.LoggerFactory.CreateLogger<TlsStreamLayer>());
        CredentialSource source = await CredentialSource.OpenAsync(options, logger).ConfigureAwait(false);
        return new TlsStreamLayer(options, inner ?? new SocketStreamLayer(), source);
    }

    /// <inheritdoc/>
    public IStreamListener Listen(IPEndPoint endPoint) => new TlsListener(_inner.Listen(endPoint), _options, _source);

    /// <inheritdoc/>
    public async ValueTask<IStreamConnection> DialAsync(Server server, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(server);
        IStreamConnection connection = await _inner.DialAsync(server, cancellationToken).ConfigureAwait(false);
        return new TlsConnection(connection, _options, _source, server);
    }
}
