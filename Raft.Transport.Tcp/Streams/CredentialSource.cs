using Microsoft.Extensions.Logging;
using Raft.Transport.Tcp.Accepting;

namespace Raft.Transport.Tcp;

/// <summary>The newest credentials that can be used. Owned by a <see cref="TlsStreamLayer"/>; asked by each handshake.</summary>
internal sealed class CredentialSource
{
    private static readonly TimeSpan ReminderInterval = TimeSpan.FromMinutes(1);

    /// <summary>What part of a handshake's time its credentials may take.</summary>
    private const int PatienceShare = 4;

    private readonly SemaphoreSlim _gate = new(1);
    private readonly TlsOptions _options;
    private readonly PemFiles? _files;
    private readonly ILogger _logger;
    private readonly LogLimiter _reminder;
    private readonly LogLimiter _expired;
    private volatile TlsIdentity? _current;
    private TlsCredentials? _given;
    private volatile string? _problem;
    private volatile Task _late = Task.CompletedTask;

    private CredentialSource(TlsOptions options, ILogger logger)
    {
        _options = options;
        _logger = logger;
        _reminder = new LogLimiter(options.TimeProvider, ReminderInterval);
        _expired = new LogLimiter(options.TimeProvider, ReminderInterval);
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

    /// <summary>The newest ones: what is new is taken, or told in the log if it cannot be, or does not come in time.</summary>
    /// <exception cref="OperationCanceledException">The handshake's time is over.</exception>
    public async Task<TlsIdentity> TakeAsync(CancellationToken cancellationToken)
    {
        // Files on a network may hang, and so may a user's delegate: then what is in force serves, and nobody waits for them twice.
        TimeSpan patience = _options.HandshakeTimeout / PatienceShare;
        if (_late.IsCompleted && await _gate.WaitAsync(patience, cancellationToken).ConfigureAwait(false))
        {
            Task renewal = Task.Run(RenewOrTellAsync, CancellationToken.None);
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (await Task.WhenAny(renewal, Task.Delay(patience, _options.TimeProvider, wait.Token)).ConfigureAwait(false) != renewal)
            {
                _late = renewal;
                cancellationToken.ThrowIfCancellationRequested();
                Tell("they were not read in time");
            }

            await wait.CancelAsync().ConfigureAwait(false);
        }

        TellIfExpired(_current!);
        return _current!;
    }

    /// <summary>Takes what is new, or tells why not. Ends the turn that its caller has.</summary>
    private async Task RenewOrTellAsync()
    {
        try
        {
            await RenewAsync(CancellationToken.None).ConfigureAwait(false);
            _problem = null;
        }
        catch (Exception exception)
        {
            // Also whatever a user's delegate throws: a server whose certificate is good goes on.
            Tell(exception.Message);
        }
        finally
        {
            _gate.Release();
        }
    }

    private void Tell(string problem)
    {
        bool isDue = _reminder.TryPass(out _);
        if (isDue || problem != _problem)
        {
            _problem = problem;
            LogMessages.CredentialsNotUsed(_logger, problem, _current!);
        }
    }

    // A certificate runs out while it is in force, too, with no new one to speak of.
    private void TellIfExpired(TlsIdentity current)
    {
        if (TimeProvider.System.GetUtcNow().UtcDateTime > current.Certificate.NotAfter.ToUniversalTime() && _expired.TryPass(out _))
        {
            LogMessages.CredentialsDoubted(_logger, $"it expired at {current.Certificate.NotAfter.ToUniversalTime():u}: {current}");
        }
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
        Require(next, changed);
        _current = next;
        _given = changed;
        _files?.Accept();
        LogMessages.CredentialsInForce(_logger, next);
        if (next.Doubt is { } doubt)
        {
            LogMessages.CredentialsDoubted(_logger, doubt);
        }
    }

    // One that others refuse takes the place of none that is good. At a start there is none, and another may come without a restart. Where the
    // authorities are others, too, it is they that decide who is refused.
    private void Require(TlsIdentity next, TlsCredentials changed)
    {
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        DateTime from = next.Certificate.NotBefore.ToUniversalTime(), until = next.Certificate.NotAfter.ToUniversalTime();
        if (_current is not null && (now < from || now > until))
        {
            throw new RaftException($"it is valid from {from:u} until {until:u} only: {next}");
        }

        if (_current is { Doubt: null } && next.Doubt is { } doubt && HasSameAuthorities(_given!, changed))
        {
            throw new RaftException(doubt);
        }
    }

    private static bool HasSameAuthorities(TlsCredentials one, TlsCredentials other) =>
        one.Authorities.Select(a => a.Thumbprint).ToHashSet(StringComparer.Ordinal).SetEquals(other.Authorities.Select(a => a.Thumbprint));

    private TlsCredentials? Given()
    {
        TlsCredentials given = _options.Credentials!()
            ?? throw new RaftException($"{nameof(TlsOptions)}.{nameof(TlsOptions.Credentials)} returned none");
        return ReferenceEquals(given, _given) ? null : given;
    }
}
