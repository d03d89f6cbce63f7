namespace Raft.Roles;

/// <summary>What a role ends with: which role follows, and why.</summary>
/// <param name="Next">The next role; <see cref="RaftState.Shutdown"/> ends the loop.</param>
/// <param name="Reason">For the log.</param>
internal sealed record RoleChange(RaftState Next, string Reason)
{
    /// <summary>A newer term to adopt on the way; 0 for none.</summary>
    public ulong Term { get; init; }

    /// <summary>A request that ended the role, to be handled by the next.</summary>
    public IncomingRpc? Rpc { get; init; }

    /// <summary>Whether the leader told this node to campaign, as it hands over.</summary>
    public bool IsTransfer { get; init; }

    /// <summary>The term in which it says so, where it names it.</summary>
    public ulong TransferTerm { get; init; }

    /// <summary>Set where the leader's process has ended.</summary>
    public Failover? Failover { get; init; }

    /// <summary>Why the node cannot go on.</summary>
    public Exception? Failure { get; init; }
}
