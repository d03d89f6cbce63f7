namespace Raft.Transport.Tcp.Accepting;

/// <summary>
/// Accepts connections and keeps them until they end. Owned by the <see cref="TcpTransport"/>; its task ends after those
/// of all connections.
/// </summary>
internal sealed class Acceptor : IAsyncDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LastDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<AcceptedConnection, Task> _connections = [];

    // Those of which no request has come yet, the oldest first; others among them are passed over.
    private readonly LinkedList<AcceptedConnection> _unproven = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly IStreamListener _listener;
    private readonly AcceptorContext _context;
    private readonly ITimer _sweep;
    private readonly Task _accepting;

    /// <summary>Begins to accept.</summary>
    public Acceptor(IStreamListener listener, AcceptorContext context)
    {
        _listener = listener;
        _context = context;
        TimeSpan interval = context.SweepInterval;
        _sweep = context.Time.CreateTimer(static acceptor => ((Acceptor)acceptor!).Sweep(), this, interval, interval);
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>How many connections are open.</summary>
    public int ConnectionCount
    {
        get
        {
            lock (_gate)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>How many of them wait for the next request.</summary>
    public int IdleCount
    {
        get
        {
            lock (_gate)
            {
                return _connections.Keys.Count(static connection => connection.IsIdle);
            }
        }
    }

    /// <summary>How many of them wait for the other side, within a request or before it.</summary>
    public int WaitingCount
    {
        get
        {
            lock (_gate)
            {
                return _connections.Keys.Count(static connection => connection.IsWaiting);
            }
        }
    }

    /// <summary>The budget of all connections.</summary>
    public DecodingBudget Budget => _context.Budget;

    /// <summary>Which servers have connections open to here.</summary>
    public NamedPeers Peers => _context.Peers;

    /// <summary>How many snapshots were announced and are not answered yet.</summary>
    public int SnapshotCount => _context.SnapshotCount;

    /// <summary>Closes all connections that are open now.</summary>
    public void CloseAll() => _ = CloseAllAsync("the transport's connections were closed");

    /// <summary>Closes the listener and all connections and waits for their tasks.</summary>
    public async ValueTask DisposeAsync()
    {
        _context.Peers.Stop();
        await _sweep.DisposeAsync().ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        Task closing = CloseAllAsync("this transport was closed");
        try
        {
            _listener.Dispose();
            await _accepting.ConfigureAwait(false);
        }
        finally
        {
            await closing.ConfigureAwait(false);
            _stop.Dispose();
        }
    }

    // When the listener goes, none is added from here on: whoever adds one looks under the same lock whether that has begun.
    private Task CloseAllAsync(string reason)
    {
        KeyValuePair<AcceptedConnection, Task>[] open;
        lock (_gate)
        {
            open = [.. _connections];
        }

        foreach ((AcceptedConnection connection, _) in open)
        {
            connection.Close(reason);
        }

        return Task.WhenAll(open.Select(static pair => pair.Value));
    }

    private async Task AcceptAsync()
    {
        TimeSpan delay = FirstDelay;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                IStreamConnection connection = await _listener.AcceptAsync().ConfigureAwait(false);
                delay = FirstDelay;
                Begin(connection);
            }
            catch (Exception exception)
            {
                // Whatever it is: a server that takes no more connections is lost to its cluster without a sign.
                if (_stop.IsCancellationRequested)
                {
                    return;
                }

                // Too many open files, mostly: it passes.
                LogMessages.AcceptFailed(_context.Logger, delay, exception);
                await DelayAsync(delay).ConfigureAwait(false);
                delay = TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, LastDelay.Ticks));
            }
        }
    }

    private async Task DelayAsync(TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, _context.Time, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The loop looks itself.
        }
    }

    private void Begin(IStreamConnection stream)
    {
        try
        {
            if (ConnectionCount >= _context.Options.ConnectionsMax && !TryMakeRoom())
            {
                _context.LogRefused(stream.RemoteName);
                stream.Dispose();
                return;
            }

            LogMessages.Accepted(_context.Logger, stream.RemoteName);
            var connection = new AcceptedConnection(stream, _context);
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, this);
                LinkedListNode<AcceptedConnection> place = _unproven.AddLast(connection);
                _connections.Add(connection, Task.Run(() => RunAsync(connection, place)));
            }
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Closes the connection that has said nothing for longest: whoever opens many must not keep servers out.</summary>
    private bool TryMakeRoom()
    {
        AcceptedConnection? oldest;
        lock (_gate)
        {
            DropProven();
            oldest = _unproven.First?.Value;
            if (oldest is not null)
            {
                _unproven.RemoveFirst();
            }
        }

        if (oldest is null)
        {
            return false;
        }

        _context.LogRefused(oldest.Remote);
        oldest.Close("too many connections are open, and no request has come by this one");
        return true;
    }

    private void DropProven()
    {
        while (_unproven.First is { Value.IsUnproven: false })
        {
            _unproven.RemoveFirst();
        }
    }

    private async Task RunAsync(AcceptedConnection connection, LinkedListNode<AcceptedConnection> place)
    {
        try
        {
            await connection.RunAsync().ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _connections.Remove(connection);
                if (place.List is not null)
                {
                    _unproven.Remove(place);
                }
            }
        }
    }

    private void Sweep()
    {
        AcceptedConnection[] open;
        lock (_gate)
        {
            open = [.. _connections.Keys];
            DropProven();
        }

        // Nothing is won by closing the few that rest: a Go server does not notice, and its next request for a vote fails.
        bool isScarce = open.Length > _context.Options.ConnectionsMax / 2;
        foreach (AcceptedConnection connection in open)
        {
            try
            {
                connection.CloseIfStalled(isScarce);
            }
            catch (Exception exception)
            {
                // On the timer's thread it would end the process.
                LogMessages.Unexpected(_context.Logger, connection.Remote, exception);
            }
        }
    }
}
