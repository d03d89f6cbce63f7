namespace Raft.Routing;

/// <summary>What an autopilot may do, told from how its leader sees the servers. Pure.</summary>
internal static class AutopilotRules
{
    /// <summary>The servers that are to get a vote.</summary>
    public static IEnumerable<Server> ToPromote(RaftStatus leader, AutopilotConfig settings) => settings.PromotesNonvoters
        ? leader.Configuration.Servers.Where(s => !s.IsVoter && !settings.ReadReplicas.Contains(s.Id))
        : [];

    /// <summary>
    /// The server that is to be removed next; null for none. A voter only while a majority of the voters answers: then the votes that
    /// are left are as many as before, and no more of them are needed (thesis 4.1), so that the quorum is not in more danger after
    /// it than it was before.
    /// </summary>
    /// <param name="leader">How the leader stands.</param>
    /// <param name="dead">Who has not answered for so long that it counts as dead.</param>
    /// <param name="settings">The settings.</param>
    public static Server? ToRemove(RaftStatus leader, IReadOnlySet<ServerId> dead, AutopilotConfig settings)
    {
        Server[] removable =
        [
            .. leader.Configuration.Servers.Where(s => s.Id != leader.Id && dead.Contains(s.Id) && !settings.ReadReplicas.Contains(s.Id)),
        ];
        bool mayLoseVoter = leader.Configuration.VoterCount > settings.VotersMin && leader.FailureTolerance >= 0;
        return removable.FirstOrDefault(s => !s.IsVoter) ?? (mayLoseVoter ? removable.FirstOrDefault() : null);
    }
}
