using System.Net;

namespace Raft.Transport.Tcp;

/// <summary>
/// How the transport reaches the network: plain sockets, or what a user puts between (TLS, a proxy, a test's faults).
/// Its members are called from any thread.
/// </summary>
public interface IStreamLayer
{
    /// <summary>Begins to listen.</summary>
    /// <param name="endPoint">Where; port 0 takes a free one.</param>
    /// <returns>The listener, owned by the caller.</returns>
    /// <exception cref="System.Net.Sockets.SocketException">The address cannot be listened on.</exception>
    IStreamListener Listen(IPEndPoint endPoint);

    /// <summary>Opens a connection.</summary>
    /// <param name="address">The other server, as <c>host:port</c>.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection, owned by the caller.</returns>
    /// <exception cref="IOException">The server is not reached.</exception>
    ValueTask<IStreamConnection> DialAsync(ServerAddress address, CancellationToken cancellationToken);
}
