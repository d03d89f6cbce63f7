namespace Raft.Roles;

/// <summary>What roles tell each other while a leader is replaced whose process has ended (<see cref="LeaderLoss"/>).</summary>
/// <param name="Gone">The leader that is gone: nobody waits for it to campaign.</param>
/// <param name="Until">When the election timer would fire, until which the others are asked again.</param>
internal sealed record Failover(ServerId Gone, TimeSpan Until);
