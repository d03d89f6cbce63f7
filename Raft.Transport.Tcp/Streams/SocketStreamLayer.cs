using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Raft.Transport.Tcp;

/// <summary>Plain TCP sockets without Nagle's delay and with keep-alive: the default.</summary>
public sealed class SocketStreamLayer : IStreamLayer
{
    private const int Backlog = 512;

    /// <inheritdoc/>
    public IStreamListener Listen(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return new SocketListener(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IStreamConnection> DialAsync(Server server, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(server);
        EndPoint endPoint = Parse(server.Address);
        Socket socket = Open(endPoint);
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return new SocketConnection(socket, server.Address.ToString());
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new IOException(exception.Message, exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <exception cref="IOException">There is none to be had: no free file descriptor, or no IPv6.</exception>
    private static Socket Open(EndPoint endPoint)
    {
        try
        {
            return endPoint is IPEndPoint ip
                ? new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
                : new Socket(SocketType.Stream, ProtocolType.Tcp);
        }
        catch (SocketException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    /// <summary>Reads <c>host:port</c>; an IPv6 address stands in brackets.</summary>
    /// <exception cref="IOException">It is none.</exception>
    private static EndPoint Parse(ServerAddress address)
    {
        string text = address.ToString();
        if (IPEndPoint.TryParse(text, out IPEndPoint? ip) && ip.Port != 0)
        {
            return ip;
        }

        int colon = text.LastIndexOf(':');
        return colon > 0 && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, null, out ushort port) && port != 0
            ? new DnsEndPoint(text[..colon], port)
            : throw new IOException($"'{text}' is no address of the form host:port");
    }
}
