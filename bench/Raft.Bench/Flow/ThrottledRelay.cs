using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Raft.Bench.Flow;

/// <summary>A link that carries only so many bytes a second to a server, of all connections together, and any number back.</summary>
internal sealed class ThrottledRelay : IAsyncDisposable
{
    private const int PieceBytes = 16 << 10;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly double _bytesPerSecond;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Task _accepting;
    private long _freeAt = Stopwatch.GetTimestamp();

    /// <summary>Begins to relay.</summary>
    /// <param name="target">The server.</param>
    /// <param name="bytesPerSecond">What it is sent at most.</param>
    public ThrottledRelay(IPEndPoint target, double bytesPerSecond)
    {
        _target = target;
        _bytesPerSecond = bytesPerSecond;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public string Address => _listener.LocalEndpoint.ToString()!;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
        _turn.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(RelayAsync(await _listener.AcceptSocketAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task RelayAsync(Socket from)
    {
        using var to = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (from)
        {
            from.NoDelay = true;

            // What the kernel holds is on its way for good: no more than a few pieces.
            from.ReceiveBufferSize = PieceBytes * 4;
            try
            {
                await to.ConnectAsync(_target, _stop.Token);
                using var end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                await Task.WhenAny(CopyAsync(from, to, isSlow: true, end.Token), CopyAsync(to, from, isSlow: false, end.Token));
                await end.CancelAsync();
            }
            catch (Exception ended) when (ended is SocketException or OperationCanceledException)
            {
                // One side is gone, and the other with it.
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to, bool isSlow, CancellationToken stop)
    {
        byte[] piece = new byte[PieceBytes];
        try
        {
            for (int count; (count = await from.ReceiveAsync(piece, stop)) > 0;)
            {
                if (isSlow)
                {
                    await WaitForTurnAsync(count, stop);
                }

                for (int sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(piece.AsMemory(sent, count - sent), stop);
                }
            }
        }
        catch (Exception ended) when (ended is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The other direction ends with this one.
        }
    }

    private async Task WaitForTurnAsync(int count, CancellationToken stop)
    {
        await _turn.WaitAsync(stop);
        try
        {
            long now = Stopwatch.GetTimestamp();
            _freeAt = Math.Max(_freeAt, now) + (long)(count / _bytesPerSecond * Stopwatch.Frequency);
            await Task.Delay(Stopwatch.GetElapsedTime(now, _freeAt), stop);
        }
        finally
        {
            _turn.Release();
        }
    }
}
