using Microsoft.Extensions.Logging;
using Raft.Transport.Tcp.Accepting;

namespace Raft.Transport.Tcp;

/// <summary>The newest credentials that can be used. Owned by a <see cref="TlsStreamLayer"/>; asked by each handshake.</summary>
internal sealed class CredentialSource
{
    private static readonly TimeSpan ReminderInterval = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _gate = new(1);
    private readonly TlsOptions _options;
    private readonly PemFiles? _files;
    private readonly ILogger _logger;
    private readonly LogLimiter _reminder;
    private TlsIdentity? _current;
    private TlsCredentials? _given;
    private string? _problem;

    private CredentialSource(TlsOptions options, ILogger logger)
    {
        _options = options;
        _logger = logger;
        _reminder = new LogLimiter(options.TimeProvider, ReminderInterval);
        _files = options.Credentials is null
            ? new PemFiles(options.CertificateFile!, options.KeyFile!, options.AuthorityFile!) : null;
    }

    /// <summary>Reads the first ones.</summary>
    /// <exception cref="RaftException">They cannot be used.</exception>
    public static async Task<CredentialSource> OpenAsync(TlsOptions options, ILogger logger)
    {
        var source = new CredentialSource(options, logger);
        await source.RenewAsync(CancellationToken.None).ConfigureAwait(false);
        return source;
    }

    /// <summary>The newest ones: what is new is taken, or told in the log if it cannot be.</summary>
    /// <exception cref="OperationCanceledException">The handshake's time is over.</exception>
    public async Task<TlsIdentity> TakeAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await RenewAsync(cancellationToken).ConfigureAwait(false);
            _problem = null;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Also whatever a user's delegate throws: a server whose certificate is good goes on.
            bool isDue = _reminder.TryPass(out _);
            if (isDue || exception.Message != _problem)
            {
                _problem = exception.Message;
                LogMessages.CredentialsNotUsed(_logger, exception.Message, _current!);
            }
        }
        finally
        {
            _gate.Release();
        }

        return _current!;
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        TlsCredentials? changed = _files is not null
            ? await _files.ReadAsync(cancellationToken).ConfigureAwait(false) : Given();
        if (changed is null)
        {
            return;
        }

        TlsIdentity next = TlsIdentity.Create(changed, _options);
        Require(next);
        _current = next;
        _given = changed;
        _files?.Accept();
        LogMessages.CredentialsInForce(_logger, next);
        if (next.Doubt is { } doubt)
        {
            LogMessages.CredentialsDoubted(_logger, doubt);
        }
    }

    // One that expired takes the place of none that is good. At a start there is none, and another may come without a restart.
    private void Require(TlsIdentity next)
    {
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        DateTime from = next.Certificate.NotBefore.ToUniversalTime(), until = next.Certificate.NotAfter.ToUniversalTime();
        if (_current is not null && (now < from || now > until))
        {
            throw new RaftException($"it is valid from {from:u} until {until:u} only: {next}");
        }
    }

    private TlsCredentials? Given()
    {
        TlsCredentials given = _options.Credentials!()
            ?? throw new RaftException($"{nameof(TlsOptions)}.{nameof(TlsOptions.Credentials)} returned none");
        return ReferenceEquals(given, _given) ? null : given;
    }
}
