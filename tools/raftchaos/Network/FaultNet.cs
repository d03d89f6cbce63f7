using Raftchaos.Cluster;

namespace Raftchaos.Network;

/// <summary>All links between the nodes of a cluster, and the proxies that stand on them.</summary>
internal sealed class FaultNet : IAsyncDisposable
{
    private readonly IReadOnlyList<ChaosNode> _nodes;
    private readonly Link[][] _links;
    private readonly FaultProxy[] _proxies;

    /// <summary>Begins to listen before each node.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <param name="ports">Where to listen for a node, and where it listens itself.</param>
    public FaultNet(IReadOnlyList<ChaosNode> nodes, IReadOnlyList<(int Listen, int Target)> ports)
    {
        _nodes = nodes;
        _links = [.. nodes.Select(_ => nodes.Select(_ => new Link()).ToArray())];
        _proxies = [.. ports.Select((port, node) => new FaultProxy(this, node, port.Listen, port.Target))];
    }

    /// <summary>How many connections were opened.</summary>
    public long Connections => _proxies.Sum(p => p.Accepted);

    /// <summary>The way from one node to another.</summary>
    public Link Between(int from, int to) => _links[from][to];

    /// <summary>Whose connection it is.</summary>
    /// <param name="port">The port from which it was opened.</param>
    /// <param name="proxyPort">The port at which it arrived.</param>
    /// <returns>The node's number; -1 where its process has ended meanwhile.</returns>
    public int OwnerOf(int port, int proxyPort)
    {
        if (SocketOwner.InodeOf(port, proxyPort) is not { } inode)
        {
            return -1;
        }

        for (int i = 0; i < _nodes.Count; i++)
        {
            if (_nodes[i].IsRunning && SocketOwner.Owns(_nodes[i].ProcessId, inode))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Resets every connection between two nodes.</summary>
    public void Reset(int one, int other) => ForEach(one, other, static c => c.Reset());

    /// <summary>Ends every connection between two nodes for who accepted it, while who opened it hears nothing.</summary>
    public void HalfClose(int one, int other) => ForEach(one, other, static c => c.LoseTarget());

    /// <summary>Mends all links. Connections that were lost stay lost.</summary>
    public void Heal()
    {
        foreach (Link link in _links.SelectMany(l => l))
        {
            link.Fault = LinkFault.None;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Heal();
        foreach (FaultProxy proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }
    }

    private void ForEach(int one, int other, Action<ProxiedConnection> act)
    {
        _proxies[one].ForEachOf(other, act);
        _proxies[other].ForEachOf(one, act);
    }
}
