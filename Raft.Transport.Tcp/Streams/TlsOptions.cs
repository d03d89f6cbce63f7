using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Raft.Transport.Tcp;

/// <summary>The settings of a <see cref="TlsStreamLayer"/>: three files, or <see cref="Credentials"/>.</summary>
public sealed class TlsOptions
{
    /// <summary>
    /// A PEM file with this server's certificate first, and behind it those that lead from it to the authority, if there are any. All
    /// three files are looked at before each handshake, so that what takes their place counts from the next connection on; it needs no
    /// restart, and connections that are open go on. What cannot be used is told in the log, and what was there before stays in force.
    /// </summary>
    public string? CertificateFile { get; init; }

    /// <summary>A PEM file with the certificate's private key, not encrypted; may be the same file.</summary>
    public string? KeyFile { get; init; }

    /// <summary>
    /// A PEM file with the authorities: a certificate is believed if it leads to one of these. Those of the system are not. Several
    /// may stand there, as while one takes the place of another.
    /// </summary>
    public string? AuthorityFile { get; init; }

    /// <summary>
    /// In place of the files, for whoever keeps certificates elsewhere. Called before each handshake, by one task at a time: quick, and
    /// never blocking. It returns the same object as long as nothing has changed. What it throws is told in the log, and what it
    /// returned before stays in force.
    /// </summary>
    public Func<TlsCredentials>? Credentials { get; init; }

    /// <summary>
    /// Whether a certificate has to name the server that uses it (docs/tls.md says how): whoever answers a connection must be
    /// the server that was dialled, and whoever asks must be the one that its requests name. Without it every certificate of the
    /// authorities is good for every server.
    /// </summary>
    public bool BindsIds { get; init; } = true;

    /// <summary>
    /// This server. A certificate of its own that does not name it is refused, like one whose key is another's. Empty for no such check.
    /// </summary>
    public ServerId LocalId { get; init; }

    /// <summary>How long a handshake may take. Then the connection is closed.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The clock of the timeout. Whether a certificate has expired is decided by the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where log lines go.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    internal void Validate()
    {
        int files = new[] { CertificateFile, KeyFile, AuthorityFile }.Count(static f => !string.IsNullOrEmpty(f));
        if (files != (Credentials is null ? 3 : 0))
        {
            throw new ArgumentException(
                $"Name all of {nameof(CertificateFile)}, {nameof(KeyFile)} and {nameof(AuthorityFile)}, or give {nameof(Credentials)} "
                + "and none of them.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(HandshakeTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(HandshakeTimeout, TimeSpan.FromHours(1));
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentNullException.ThrowIfNull(LoggerFactory);
    }
}
