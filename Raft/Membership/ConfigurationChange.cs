namespace Raft.Membership;

/// <summary>One change of a cluster's members. One server at a time, so that old and new majorities always meet (thesis 4.1).</summary>
/// <param name="Kind">What is to become of the server.</param>
/// <param name="Id">The server.</param>
/// <param name="Address">Where it is reached; only where it is added.</param>
internal sealed record ConfigurationChange(ConfigurationChangeKind Kind, ServerId Id, ServerAddress Address = default)
{
    /// <summary>The configuration that follows. Servers keep their order; a new one comes last. Pure.</summary>
    /// <exception cref="ArgumentException">No cluster can run on what follows.</exception>
    public ClusterConfiguration ApplyTo(ClusterConfiguration configuration)
    {
        List<Server> servers = [.. configuration.Servers];
        int at = servers.FindIndex(s => s.Id == Id);
        switch (Kind)
        {
            case ConfigurationChangeKind.AddVoter when at >= 0:
                servers[at] = new Server(Id, Address);
                break;
            case ConfigurationChangeKind.AddVoter:
                servers.Add(new Server(Id, Address));
                break;
            case ConfigurationChangeKind.AddNonvoter when at >= 0:
                // A suffrage is only raised here: whoever wants a voter to cease voting demotes it.
                servers[at] = servers[at] with { Address = Address };
                break;
            case ConfigurationChangeKind.AddNonvoter:
                servers.Add(new Server(Id, Address, ServerSuffrage.Nonvoter));
                break;
            case ConfigurationChangeKind.Demote when at >= 0:
                servers[at] = servers[at] with { Suffrage = ServerSuffrage.Nonvoter };
                break;
            case ConfigurationChangeKind.Remove when at >= 0:
                servers.RemoveAt(at);
                break;
            default:
                break;
        }

        var next = new ClusterConfiguration(servers);
        next.Validate();
        return next;
    }

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        ConfigurationChangeKind.AddVoter => $"add voter {Id} at {Address}",
        ConfigurationChangeKind.AddNonvoter => $"add nonvoter {Id} at {Address}",
        ConfigurationChangeKind.Demote => $"demote {Id}",
        _ => $"remove {Id}",
    };
}
