using System.Collections.Immutable;

namespace Raft;

/// <summary>
/// What a leader does about its members by itself (<see cref="RaftConfig.Autopilot"/>): it gives servers without a vote their vote once
/// they keep up (thesis 4.2.1), and removes those that have died, a voter only where a majority of the others has just made an entry
/// durable. One change at a time, each only for the configuration that it was decided on; an operator's change in between makes it decide
/// anew. A voter that an operator demotes is promoted again, if it is not among the read replicas. Give all servers the same.
/// </summary>
public sealed record AutopilotConfig
{
    /// <summary>
    /// Whether servers without a vote get it, as by <see cref="RaftNode.AddServerAsync"/>, other than <see cref="ReadReplicas"/>.
    /// Default true.
    /// </summary>
    public bool PromotesNonvoters { get; init; } = true;

    /// <summary>For how long a server must keep up before it gets its vote. Default 10 s; 0 to 10 days.</summary>
    public TimeSpan SteadyFor { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Servers that never get a vote, and are never removed when they are dead. Default none.</summary>
    public ImmutableHashSet<ServerId> ReadReplicas { get; init; } = [];

    /// <summary>
    /// After how long without an answer, to one leader, a server counts as dead and is removed; null for never. Give far more than a
    /// restart takes: what is removed comes back only when it is added again. Default null; else
    /// two heartbeat timeouts to 10 days.
    /// </summary>
    public TimeSpan? RemoveDeadAfter { get; init; }

    /// <summary>How many voters are left at least; a dead one is not removed below that. Default 3, least 1.</summary>
    public int VotersMin { get; init; } = 3;
}
