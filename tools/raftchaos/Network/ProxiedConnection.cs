using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Raftchaos.Network;

/// <summary>One connection through a proxy: two sockets, and the bytes on their way between them.</summary>
/// <param name="from">Which node opened it; -1 where that is not known.</param>
/// <param name="opener">The socket to who opened it.</param>
/// <param name="target">The socket to the node before which the proxy stands.</param>
internal sealed class ProxiedConnection(int from, Socket opener, Socket target)
{
    private const int PieceBytes = 64 << 10;
    private const int PiecesMax = 64;

    private volatile bool _isOver;
    private volatile bool _hasLostTarget;

    /// <summary>Which node opened it; -1 where that is not known.</summary>
    public int From => from;

    /// <summary>Passes bytes until either side ends.</summary>
    /// <param name="there">The link on which its bytes travel to the target.</param>
    /// <param name="back">The link on which the answers do.</param>
    public async Task RunAsync(Link there, Link back)
    {
        await Task.WhenAll(PumpAsync(opener, target, there), PumpAsync(target, opener, back));
        opener.Dispose();
        target.Dispose();
    }

    /// <summary>Ends it for both, by a reset.</summary>
    public void Reset()
    {
        _isOver = true;
        Abort(opener);
        Abort(target);
    }

    /// <summary>Ends it for the target alone: who opened it sends into the void, and hears nothing.</summary>
    public void LoseTarget()
    {
        _hasLostTarget = true;
        Abort(target);
    }

    private static void Abort(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
            // Closed already.
        }

        socket.Dispose();
    }

    private async Task PumpAsync(Socket source, Socket sink, Link link)
    {
        Channel<(byte[]? Bytes, long At)> pieces = Channel.CreateBounded<(byte[]? Bytes, long At)>(PiecesMax);
        Task sending = SendAsync(pieces.Reader, sink, link);
        var buffer = new byte[PieceBytes];
        while (!_isOver)
        {
            int count;
            try
            {
                count = await source.ReceiveAsync(buffer);
            }
            catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
            {
                count = -1;
            }

            if (_hasLostTarget && source == target)
            {
                // The silence of a target that is gone: nothing ends for who opened it.
                break;
            }

            if (count <= 0)
            {
                _isOver |= count < 0 || _hasLostTarget;
                break;
            }

            if (!_hasLostTarget)
            {
                await pieces.Writer.WriteAsync((buffer[..count], Stopwatch.GetTimestamp()));
            }
        }

        pieces.Writer.Complete();
        await sending;
        if (_isOver)
        {
            Reset();
        }
    }

    private async Task SendAsync(ChannelReader<(byte[]? Bytes, long At)> pieces, Socket sink, Link link)
    {
        try
        {
            await foreach ((byte[]? bytes, long at) in pieces.ReadAllAsync())
            {
                if (!_hasLostTarget)
                {
                    await link.PassAsync(bytes, at, sink, () => _isOver || _hasLostTarget);
                }
            }

            if (!_hasLostTarget)
            {
                sink.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
            if (!_hasLostTarget)
            {
                Reset();
            }

            await foreach ((byte[]?, long) _ in pieces.ReadAllAsync())
            {
                // So that the reader of the other side never waits for room.
            }
        }
    }
}
