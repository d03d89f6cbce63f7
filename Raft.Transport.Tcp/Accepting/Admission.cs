namespace Raft.Transport.Tcp.Accepting;

/// <summary>
/// Says which requests of one connection may reach the node: those of this cluster, by a server that the other side has proved to be.
/// Owned by the <see cref="AcceptedConnection"/>; used by its reader only.
/// </summary>
/// <param name="connection">The connection, for what was proved.</param>
/// <param name="clusterId">The cluster that this server belongs to; null where nobody asks.</param>
internal sealed class Admission(IStreamConnection connection, string? clusterId)
{
    private ServerId _admitted;

    /// <summary>Looks at a request.</summary>
    /// <param name="server">Whom its header names; nobody in requests of old versions.</param>
    /// <param name="cluster">The cluster that it names; null where it names none.</param>
    /// <returns>Why it is refused; null if it may pass.</returns>
    public string? Objection(ServerId server, string? cluster)
    {
        if (clusterId is not null && !string.IsNullOrEmpty(cluster) && !string.Equals(cluster, clusterId, StringComparison.Ordinal))
        {
            return $"it belongs to the cluster '{StreamFailure.Printable(cluster)}', and this server to '{clusterId}'";
        }

        // Requests name the same server over and over.
        if (connection.ProvenIds is not { } proven || (server == _admitted && !server.IsEmpty))
        {
            return null;
        }

        if (server.IsEmpty)
        {
            return "its request names no server, as those of old versions do, so that no certificate can prove it";
        }

        if (!proven.Contains(server))
        {
            return $"its request names {StreamFailure.Printable(server.ToString())}, and its certificate {CertificateNames.Text(proven)}";
        }

        _admitted = server;
        return null;
    }
}
