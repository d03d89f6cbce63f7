using System.Net;
using Raft.Transport.Tcp;

namespace Raft.Tests.Transport.Tls;

/// <summary>Plain sockets that show what is sent over them, and the connections below.</summary>
internal sealed class CarriedConnection(IStreamConnection inner) : IStreamConnection
{
    private int _sends;

    /// <summary>How many calls of the system sent what was sent.</summary>
    public int SendCount => Volatile.Read(ref _sends);

    public string RemoteName => inner.RemoteName;

    public bool IsQuiet => inner.IsQuiet;

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer) => inner.ReceiveAsync(buffer);

    public ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> segments)
    {
        Interlocked.Increment(ref _sends);
        return inner.SendAsync(segments);
    }

    public void Dispose() => inner.Dispose();

    /// <summary>The layer that makes them.</summary>
    internal sealed class Layer : IStreamLayer
    {
        private readonly SocketStreamLayer _sockets = new();

        /// <summary>The connection that was dialled last.</summary>
        public CarriedConnection? Dialled { get; private set; }

        public IStreamListener Listen(IPEndPoint endPoint) => _sockets.Listen(endPoint);

        public async ValueTask<IStreamConnection> DialAsync(Server server, CancellationToken cancellationToken) =>
            Dialled = new CarriedConnection(await _sockets.DialAsync(server, cancellationToken));
    }
}
