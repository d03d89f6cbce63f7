using System.Collections.Concurrent;
using System.Net;
using Raft.Transport.Tcp;

namespace Raft.Tests.Contracts.Example;

// docs begin
/// <summary>Servers are known by names that outlast their addresses; where a name is now stands in a directory.</summary>
internal sealed class NamedStreamLayer(string name, ConcurrentDictionary<string, string> directory) : IStreamLayer
{
    private readonly SocketStreamLayer _sockets = new();

    public IStreamListener Listen(IPEndPoint endPoint)
    {
        IStreamListener listener = _sockets.Listen(endPoint);
        directory[name] = listener.LocalEndPoint.ToString();
        return listener;
    }

    public ValueTask<IStreamConnection> DialAsync(Server server, CancellationToken cancellationToken) =>
        directory.TryGetValue(server.Address.ToString(), out string? current)
            ? _sockets.DialAsync(server with { Address = current }, cancellationToken)
            : throw new IOException($"Nobody knows where {server.Address} is.");
}
// docs end
