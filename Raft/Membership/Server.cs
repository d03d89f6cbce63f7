namespace Raft;

/// <summary>One member of a cluster.</summary>
/// <param name="Id">Its name, unique in the cluster.</param>
/// <param name="Address">Where its transport is reached, unique in the cluster.</param>
/// <param name="Suffrage">Whether it votes.</param>
public sealed record Server(ServerId Id, ServerAddress Address, ServerSuffrage Suffrage = ServerSuffrage.Voter)
{
    /// <summary>Whether this server counts for elections and commitment.</summary>
    public bool IsVoter => Suffrage == ServerSuffrage.Voter;

    /// <inheritdoc/>
    public override string ToString() => IsVoter ? $"{Id}@{Address}" : $"{Id}@{Address} ({Suffrage})";
}
