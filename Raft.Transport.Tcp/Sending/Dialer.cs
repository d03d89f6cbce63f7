using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Logging;

namespace Raft.Transport.Tcp.Sending;

/// <summary>
/// Opens connections, keeps idle ones for each server, last in first out, and knows all that are open. Owned by the
/// <see cref="TcpTransport"/>; used from any task.
/// </summary>
/// <remarks>A lock serves here: taking and returning a connection is a few instructions, and callers are many.</remarks>
internal sealed class Dialer(TcpTransportOptions options, ILogger logger) : IAsyncDisposable
{
    /// <summary>
    /// How long a probe may take: less than until the system asks a second time, which it does after a second; but Windows reports a refusal
    /// only after it has tried three times, half a second apart.
    /// </summary>
    private static readonly TimeSpan ProbeTimeMax = TimeSpan.FromMilliseconds(OperatingSystem.IsWindows() ? 2500 : 500);

    private const int WrappingsMax = 8;

    private readonly Lock _gate = new();
    private readonly RefusalLog _refusals = new(logger, options.TimeProvider);

    // By name too: a connection proves who is at its other end, and that need not be another who is reached at the same address.
    private readonly Dictionary<(ServerId, ServerAddress), Stack<ClientConnection>> _idle = [];
    private readonly HashSet<ClientConnection> _open = [];
    private readonly CancellationTokenSource _stop = new();
    private bool _isDisposed;

    // Counts how often all connections were closed: what was dialled before such a time is over too.
    private int _era;

    /// <summary>How many connections are open, idle or not.</summary>
    public int OpenCount
    {
        get
        {
            lock (_gate)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>An idle connection that still stands, or a new one.</summary>
    /// <exception cref="TransportException">The server is not reached.</exception>
    public ValueTask<ClientConnection> TakeAsync(Server target, CancellationToken cancellationToken)
    {
        while (TryTakeIdle(target) is { } idle)
        {
            // What was closed while it lay idle must not cost a call.
            if (idle.IsReusable)
            {
                return ValueTask.FromResult(idle);
            }

            idle.Dispose();
        }

        return DialAsync(target, cancellationToken);
    }

    /// <summary>Takes a connection back after a call that was answered.</summary>
    public void Return(ClientConnection connection)
    {
        List<ClientConnection>? over = null;
        lock (_gate)
        {
            if (!_isDisposed && connection.IsClean)
            {
                (ServerId Id, ServerAddress) key = (connection.Server.Id, connection.Target);
                if (!_idle.TryGetValue(key, out Stack<ClientConnection>? idle))
                {
                    // Rare: a server that is new, or has another address. What rests for nobody any more would rest for ever.
                    over = TakeOver(key.Id);
                    _idle.Add(key, idle = new());
                }

                if (idle.Count < options.PoolSize)
                {
                    idle.Push(connection);
                    connection = null!;
                }
            }
        }

        connection?.Dispose();
        over?.ForEach(static idle => idle.Dispose());
    }

    /// <summary>Opens a connection.</summary>
    /// <exception cref="TransportException">The server is not reached.</exception>
    public async ValueTask<ClientConnection> DialAsync(Server target, CancellationToken cancellationToken)
    {
        int era = Volatile.Read(ref _era);
        using var timeout = new CancellationTokenSource(options.Timeout, options.TimeProvider);
        using CancellationTokenSource linked = LinkToStop(timeout.Token, cancellationToken);
        IStreamConnection stream;
        try
        {
            stream = await options.StreamLayer.DialAsync(target, linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (linked.IsCancellationRequested)
        {
            throw timeout.IsCancellationRequested
                ? new TransportException(
                    TransportFailure.TimedOut, $"{target.Address} took no connection within {options.Timeout}", exception)
                : new TransportException(TransportFailure.Shutdown, $"dialling {target.Address} was cancelled", exception);
        }
        // Whatever a stream layer throws: a caller tries again later, and is not to end of it.
        catch (Exception exception) when (exception is not TransportException)
        {
            if (exception is AuthenticationException)
            {
                _refusals.LogUnproven(target, exception.Message);
            }

            throw new TransportException(
                TransportFailure.Unreachable, $"{target.Address} is not reached: {exception.Message}", exception);
        }

        var connection = new ClientConnection(target, stream, options, _refusals, Forget);
        lock (_gate)
        {
            if (!_isDisposed && era == _era)
            {
                _open.Add(connection);
                return connection;
            }
        }

        connection.Dispose();
        throw Closed();
    }

    /// <summary>Connects and closes the connection again. Does not fail.</summary>
    public async ValueTask<ConnectOutcome> ProbeAsync(Server target, CancellationToken cancellationToken)
    {
        try
        {
            TimeSpan most = options.Timeout < ProbeTimeMax ? options.Timeout : ProbeTimeMax;
            using var timeout = new CancellationTokenSource(most, options.TimeProvider);
            using CancellationTokenSource linked = LinkToStop(timeout.Token, cancellationToken);
            using IStreamConnection stream = await options.StreamLayer.DialAsync(target, linked.Token).ConfigureAwait(false);
            return ConnectOutcome.Connected;
        }
        catch (Exception failure)
        {
            // Whatever a stream layer throws, also where it closes.
            return IsRefusal(failure) ? ConnectOutcome.Refused : ConnectOutcome.Unknown;
        }
    }

    // Stream layers wrap what the socket threw, once or more.
    private static bool IsRefusal(Exception? failure)
    {
        for (int depth = 0; failure is not null && depth < WrappingsMax; depth++, failure = failure.InnerException)
        {
            if (failure is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Ends all connections and with them all calls; the next dial anew.</summary>
    public void CloseAll()
    {
        ClientConnection[] open;
        lock (_gate)
        {
            _era++;
            open = [.. _open];
            _idle.Clear();
        }

        foreach (ClientConnection connection in open)
        {
            connection.Abort(TransportFailure.Shutdown, "the transport's connections were closed");
            connection.Dispose();
        }
    }

    /// <summary>Ends all connections and with them all calls.</summary>
    public async ValueTask DisposeAsync()
    {
        ClientConnection[] open;
        lock (_gate)
        {
            _isDisposed = true;
            open = [.. _open];
            _idle.Clear();
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        foreach (ClientConnection connection in open)
        {
            connection.Abort(TransportFailure.Shutdown, "this transport was closed");
            connection.Dispose();
        }

        await Task.WhenAll(open.Select(static connection => connection.Reader)).ConfigureAwait(false);
        _stop.Dispose();
    }

    private static TransportException Closed() => new(TransportFailure.Shutdown, "this transport was closed");

    private CancellationTokenSource LinkToStop(CancellationToken timeout, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _isDisposed
                ? throw Closed()
                : CancellationTokenSource.CreateLinkedTokenSource(timeout, _stop.Token, cancellationToken);
        }
    }

    /// <summary>Takes out what lies idle at other addresses of a server, and what other sides have closed.</summary>
    private List<ClientConnection> TakeOver(ServerId id)
    {
        var over = new List<ClientConnection>();
        foreach (((ServerId Id, ServerAddress) key, Stack<ClientConnection> idle) in _idle.ToArray())
        {
            bool isFormer = key.Id == id && !id.IsEmpty;
            ClientConnection[] kept = [.. idle.Where(connection => !isFormer && IsWell(connection))];
            over.AddRange(idle.Except(kept));
            _idle.Remove(key);
            if (kept.Length > 0)
            {
                _idle.Add(key, new Stack<ClientConnection>(kept.Reverse()));
            }
        }

        return over;
    }

    private static bool IsWell(ClientConnection connection)
    {
        try
        {
            return connection.IsReusable;
        }
        catch (Exception)
        {
            // The user's stream.
            return false;
        }
    }

    private ClientConnection? TryTakeIdle(Server target)
    {
        lock (_gate)
        {
            return _idle.TryGetValue((target.Id, target.Address), out Stack<ClientConnection>? idle)
                && idle.TryPop(out ClientConnection? connection) ? connection : null;
        }
    }

    private void Forget(ClientConnection connection)
    {
        lock (_gate)
        {
            _open.Remove(connection);
        }
    }
}
