namespace Raft.Transport.Tcp.Accepting;

/// <summary>
/// The servers that one connection's requests named: mostly one, several where something between bundles connections. Owned by the
/// <see cref="AcceptedConnection"/>; used by its reader only.
/// </summary>
/// <param name="peers">Where they are counted.</param>
internal sealed class ConnectionNames(NamedPeers peers)
{
    /// <summary>Further names are passed over: that server's last connection may then seem to have ended too early.</summary>
    public const int NamesMax = 4;

    private readonly List<ServerId> _names = [];
    private ServerId _last;

    /// <summary>A request has come.</summary>
    /// <param name="server">Whom its header names; nobody in requests of old versions.</param>
    public void Note(ServerId server)
    {
        // Requests name the same server over and over.
        if (server == _last || server.IsEmpty)
        {
            return;
        }

        _last = server;
        if (_names.Count < NamesMax && !server.IsTooLong && !_names.Contains(server))
        {
            _names.Add(server);
            peers.Join(server);
        }
    }

    /// <summary>The connection has ended; all its requests were delivered.</summary>
    public void End()
    {
        foreach (ServerId server in _names)
        {
            peers.Leave(server);
        }

        _names.Clear();
    }
}
