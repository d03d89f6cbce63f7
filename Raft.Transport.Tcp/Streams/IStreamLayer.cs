using System.Net;

namespace Raft.Transport.Tcp;

/// <summary>
/// How the transport reaches the network: plain sockets, or what a user puts between (TLS, a proxy, a test's faults).
/// Its members are called from any thread.
/// </summary>
public interface IStreamLayer
{
    /// <summary>
    /// Whether both sides of a connection prove who they are before anything passes, and nobody between them can read or change it.
    /// A transport whose layer does neither says so in its log where it listens to more than its own machine.
    /// </summary>
    bool IsAuthenticated => false;

    /// <summary>Begins to listen.</summary>
    /// <param name="endPoint">Where; port 0 takes a free one.</param>
    /// <returns>The listener, owned by the caller.</returns>
    /// <exception cref="System.Net.Sockets.SocketException">The address cannot be listened on.</exception>
    IStreamListener Listen(IPEndPoint endPoint);

    /// <summary>Opens a connection.</summary>
    /// <param name="server">
    /// The other server: its address, as <c>host:port</c>, is where to dial, and its id is who has to answer there. Several ids may
    /// share an address, and one that is moved keeps its id.
    /// </param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection, owned by the caller.</returns>
    /// <exception cref="IOException">The server is not reached.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">
    /// Who answers is not that server. Said here, or by the connection's first receive or send.
    /// </exception>
    ValueTask<IStreamConnection> DialAsync(Server server, CancellationToken cancellationToken);
}
