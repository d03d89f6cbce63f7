using System.Net;
using System.Net.Sockets;

namespace Raftchaos.Network;

/// <summary>Stands before one node, and passes on what others send it and what it answers, as the links between them do.</summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly FaultNet _net;
    private readonly int _node;
    private readonly int _listenPort;
    private readonly IPEndPoint _target;
    private readonly TcpListener _listener;
    private readonly Lock _gate = new();
    private readonly List<ProxiedConnection> _connections = [];
    private readonly Task _accepting;
    private long _accepted;

    /// <summary>Begins to listen.</summary>
    public FaultProxy(FaultNet net, int node, int listenPort, int targetPort)
    {
        _net = net;
        _node = node;
        _listenPort = listenPort;
        _target = new IPEndPoint(IPAddress.Loopback, targetPort);
        _listener = new TcpListener(IPAddress.Loopback, listenPort);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>How many connections came.</summary>
    public long Accepted => Volatile.Read(ref _accepted);

    /// <summary>Does something to all connections that another node opened to this one.</summary>
    public void ForEachOf(int other, Action<ProxiedConnection> act)
    {
        ProxiedConnection[] all;
        lock (_gate)
        {
            all = [.. _connections.Where(c => c.From == other)];
        }

        Array.ForEach(all, act);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
        ProxiedConnection[] all;
        lock (_gate)
        {
            all = [.. _connections];
        }

        Array.ForEach(all, static c => c.Reset());
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket accepted;
            try
            {
                accepted = await _listener.AcceptSocketAsync();
            }
            catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
            {
                return;
            }

            Interlocked.Increment(ref _accepted);
            _ = Task.Run(() => RelayAsync(accepted));
        }
    }

    private async Task RelayAsync(Socket accepted)
    {
        int from = _net.OwnerOf(((IPEndPoint)accepted.RemoteEndPoint!).Port, _listenPort);
        var target = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        accepted.NoDelay = true;
        var connection = new ProxiedConnection(from, accepted, target);
        lock (_gate)
        {
            _connections.Add(connection);
        }

        try
        {
            await target.ConnectAsync(_target);
            await connection.RunAsync(
                from < 0 ? new Link() : _net.Between(from, _node), from < 0 ? new Link() : _net.Between(_node, from));
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
            connection.Reset();
        }
        finally
        {
            lock (_gate)
            {
                _connections.Remove(connection);
            }
        }
    }
}
