using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;

namespace Raft.Transport.Tcp;

/// <summary>A connection behind TLS. The handshake is part of its first receive or send, whichever comes first.</summary>
/// <param name="inner">What carries it; owned.</param>
/// <param name="options">The layer's settings.</param>
/// <param name="source">Where the certificate comes from.</param>
/// <param name="target">Who was dialled; null where the other side dialled.</param>
internal sealed class TlsConnection(IStreamConnection inner, TlsOptions options, CredentialSource source, Server? target)
    : IStreamConnection
{
    /// <summary>Enough for most answers, which then take one copy and no second read.</summary>
    private const int AheadBytes = 512;

    private readonly ConnectionStream _stream = new(inner);
    private readonly TaskCompletionSource _handshake = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isBegun;
    private SslStream? _ssl;
    private TlsWriter? _writer;
    private volatile bool _isReady;
    private volatile bool _isDisposed;
    private volatile bool _hasReceived;

    // By whoever receives.
    private bool _mayHoldMore;
    private byte[]? _ahead;
    private Task<int>? _aheadRead;
    private Exception? _aheadFailure;
    private int _aheadTaken;

    public string RemoteName => inner.RemoteName;

    public IReadOnlyCollection<ServerId>? ProvenIds { get; private set; }

    /// <remarks>
    /// What waits on a dialled connection may be the other side's session tickets, which are sent behind the handshake, and by some later
    /// (RFC 8446, 4.6.1): they are no end. Only decrypting tells, so a read is begun, which takes them out and goes on waiting; the next
    /// receive brings what it brought.
    /// </remarks>
    public bool IsQuiet
    {
        get
        {
            bool isSilent = inner.IsQuiet && !_mayHoldMore;
            if (_aheadRead is null && (isSilent || target is null || !_isReady))
            {
                return isSilent;
            }

            _aheadRead ??= ReadAheadAsync();
            return !_aheadRead.IsCompleted && inner.IsQuiet;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        if (!_isReady && !await ShakeHandsAsync().ConfigureAwait(false))
        {
            return 0;
        }

        int count;
        if (_aheadRead is not null)
        {
            count = await TakeAheadAsync(buffer).ConfigureAwait(false);
        }
        else
        {
            try
            {
                count = await _ssl!.ReadAsync(buffer).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                throw Failed(exception);
            }

            _mayHoldMore = count == buffer.Length;
        }

        _hasReceived |= count > 0;

        // An end that TLS does not confirm may come from anybody on the way. Only a confirmed one may count as the answer of a server
        // that does not know the request.
        return count > 0 || target is null || !_stream.HasEnded
            ? count : throw Failed(new IOException("the connection ended without a word of TLS"));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> segments)
    {
        if (!_isReady && !await ShakeHandsAsync().ConfigureAwait(false))
        {
            throw new IOException("the other side has ended the connection");
        }

        try
        {
            await _writer!.WriteAsync(segments).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            throw Failed(exception);
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        try
        {
            inner.Dispose();
        }
        finally
        {
            Volatile.Read(ref _ssl)?.Dispose();
        }
    }

    /// <summary>Shakes hands, or waits until another task has.</summary>
    /// <returns>Whether there is a connection; if not, it ended before the other side said anything.</returns>
    private async ValueTask<bool> ShakeHandsAsync()
    {
        if (Interlocked.Exchange(ref _isBegun, 1) != 0)
        {
            await _handshake.Task.ConfigureAwait(false);
            return _isReady;
        }

        try
        {
            var handshake = new TlsHandshake(inner, _stream, options, source, target);
            if (await handshake.RunAsync().ConfigureAwait(false) is { } ssl)
            {
                Take(ssl, handshake);
            }

            _handshake.SetResult();
            return _isReady;
        }
        catch (Exception exception)
        {
            Exception end = _isDisposed ? new ObjectDisposedException("The connection was closed.", exception) : exception;
            _handshake.SetException(end);

            // Mostly nobody else waits for it.
            _ = _handshake.Task.Exception;
            throw end;
        }
    }

    private void Take(SslStream ssl, TlsHandshake handshake)
    {
        ProvenIds = handshake.ProvenIds;
        _writer = new TlsWriter(ssl, _stream);
        Volatile.Write(ref _ssl, ssl);
        if (_isDisposed)
        {
            // Whoever disposed it may have come before it was there.
            ssl.Dispose();
        }

        _isReady = true;
    }

    private async Task<int> ReadAheadAsync()
    {
        _ahead ??= new byte[AheadBytes];
        try
        {
            return await _ssl!.ReadAsync(_ahead).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Thrown at the next receive, if there is one.
            _aheadFailure = exception;
            return 0;
        }
    }

    private async ValueTask<int> TakeAheadAsync(Memory<byte> buffer)
    {
        int read = await _aheadRead!.ConfigureAwait(false);
        if (_aheadFailure is { } failure)
        {
            throw Failed(failure);
        }

        int count = Math.Min(buffer.Length, read - _aheadTaken);
        _ahead.AsSpan(_aheadTaken, count).CopyTo(buffer.Span);
        _aheadTaken += count;
        if (_aheadTaken == read)
        {
            _mayHoldMore = read == AheadBytes;
            (_aheadRead, _aheadTaken) = (null, 0);
        }

        return count;
    }

    private Exception Failed(Exception exception)
    {
        if (_isDisposed)
        {
            return new ObjectDisposedException("The connection was closed.", exception);
        }

        string cause = StreamFailure.Cause(exception);
        if (target is null || _hasReceived)
        {
            return new IOException(cause, exception);
        }

        // A handshake is over for the one who dialled before the other side has looked at his certificate (RFC 8446, 4.4.2).
        string hint = $"it ended the connection right behind the TLS handshake ({cause}); "
            + "if it goes on, it refuses this server's certificate, and its own log says why";
        return new IOException(hint, new AuthenticationException(hint, exception));
    }
}
