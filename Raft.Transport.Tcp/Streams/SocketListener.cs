using System.Net;
using System.Net.Sockets;

namespace Raft.Transport.Tcp;

/// <summary>A listening socket. Owned by the acceptor.</summary>
internal sealed class SocketListener(Socket socket) : IStreamListener
{
    public IPEndPoint LocalEndPoint { get; } = (IPEndPoint)socket.LocalEndPoint!;

    public async ValueTask<IStreamConnection> AcceptAsync()
    {
        Socket accepted = await socket.AcceptAsync().ConfigureAwait(false);
        try
        {
            return new SocketConnection(accepted, accepted.RemoteEndPoint?.ToString() ?? "unknown");
        }
        catch
        {
            // The other side may be gone already.
            accepted.Dispose();
            throw;
        }
    }

    public void Dispose() => socket.Dispose();
}
