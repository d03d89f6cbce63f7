using System.Net;

namespace Raft.Transport.Tcp;

/// <summary>Takes incoming connections. Disposing it ends a waiting <see cref="AcceptAsync"/> with an exception.</summary>
public interface IStreamListener : IDisposable
{
    /// <summary>Where it listens, with the port that was taken.</summary>
    IPEndPoint LocalEndPoint { get; }

    /// <summary>
    /// Waits for the next connection. A handshake belongs into that connection's first receive or send, so that a slow
    /// peer does not hold up the others.
    /// </summary>
    /// <returns>The connection, owned by the caller.</returns>
    ValueTask<IStreamConnection> AcceptAsync();
}
