using System.Collections.Immutable;

namespace Raft;

/// <summary>The members of a cluster, in the order in which they were added. Immutable.</summary>
/// <remarks>A configuration is in force as soon as it stands in a server's log, committed or not (thesis 4.1).</remarks>
public sealed class ClusterConfiguration : IEquatable<ClusterConfiguration>
{
    /// <summary>A configuration of these servers; <see cref="Validate"/> says whether a cluster can run on it.</summary>
    /// <param name="servers">The members.</param>
    public ClusterConfiguration(params IEnumerable<Server> servers) => Servers = [.. servers];

    /// <summary>The configuration of a server that knows of no cluster yet.</summary>
    public static ClusterConfiguration Empty { get; } = new();

    /// <summary>The members, in order.</summary>
    public ImmutableArray<Server> Servers { get; }

    /// <summary>How many members vote.</summary>
    public int VoterCount => Servers.Count(static s => s.IsVoter);

    /// <summary>How many voters make a majority.</summary>
    public int QuorumSize => (VoterCount / 2) + 1;

    /// <summary>The member of that name.</summary>
    /// <param name="id">The server's name.</param>
    /// <returns>The member, or null where there is none.</returns>
    public Server? Find(ServerId id) => Servers.FirstOrDefault(s => s.Id == id);

    /// <summary>Whether the named server is a member that votes.</summary>
    /// <param name="id">The server's name.</param>
    /// <returns>True for a voter only.</returns>
    public bool IsVoter(ServerId id) => Find(id)?.IsVoter ?? false;

    /// <summary>Refuses a configuration on which no cluster can run.</summary>
    /// <exception cref="ArgumentException">An id or address is empty or stands twice, or nobody votes.</exception>
    public void Validate()
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var addresses = new HashSet<string>(StringComparer.Ordinal);
        foreach (Server server in Servers)
        {
            Refuse(server.Id.IsEmpty, $"a server has no id: {server}");
            Refuse(server.Address.IsEmpty, $"server {server.Id} has no address");
            Refuse(server.Id.IsTooLong, $"the id {server.Id} has more than {ServerId.BytesMax} bytes");
            Refuse(server.Address.IsTooLong, $"the address {server.Address} has more than {ServerAddress.BytesMax} bytes");
            Refuse(!ids.Add(server.Id.Value!), $"the id {server.Id} stands twice");
            Refuse(!addresses.Add(server.Address.Value!), $"the address {server.Address} stands twice");
        }

        Refuse(VoterCount == 0, "a cluster needs at least one voter");
    }

    /// <inheritdoc/>
    public bool Equals(ClusterConfiguration? other) =>
        other is not null && Servers.AsSpan().SequenceEqual(other.Servers.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ClusterConfiguration);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (Server server in Servers)
        {
            hash.Add(server);
        }

        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", Servers)}]";

    private static void Refuse(bool wrong, string why)
    {
        if (wrong)
        {
            throw new ArgumentException($"The cluster configuration cannot be used: {why}.");
        }
    }
}
