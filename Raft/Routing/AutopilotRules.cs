namespace Raft.Routing;

/// <summary>What an autopilot may do, told from how its leader sees the servers. Pure.</summary>
internal static class AutopilotRules
{
    /// <summary>The servers that are to get a vote.</summary>
    public static IEnumerable<Server> ToPromote(RaftStatus leader, AutopilotConfig settings) => settings.PromotesNonvoters
        ? leader.Configuration.Servers.Where(s => !s.IsVoter && s.Id != leader.Id && !settings.ReadReplicas.Contains(s.Id))
        : [];

    /// <summary>
    /// The server that is to be removed next, should <see cref="MayRemove"/> say so too; null for none. Members without a vote first;
    /// no voter beyond those that must be left.
    /// </summary>
    public static Server? ToRemove(RaftStatus leader, AutopilotConfig settings)
    {
        if (leader.State != RaftState.Leader || leader.ConfigurationIndex > leader.CommitIndex)
        {
            // A change is under way: what is true of the members will be seen when it is over.
            return null;
        }

        HashSet<ServerId> dead = [.. leader.Followers.Where(f => f.Silence >= settings.RemoveDeadAfter).Select(f => f.Id)];
        Server[] removable =
        [
            .. leader.Configuration.Servers.Where(s => s.Id != leader.Id && dead.Contains(s.Id) && !settings.ReadReplicas.Contains(s.Id)),
        ];
        bool mayLoseVoter = leader.Configuration.VoterCount > settings.VotersMin;
        return removable.FirstOrDefault(s => !s.IsVoter) ?? (mayLoseVoter ? removable.FirstOrDefault() : null);
    }

    /// <summary>
    /// Whether a voter may go: a majority of those that would be left holds an entry that was appended when that was thought of. Otherwise
    /// nothing could be committed without the one that went, which may come back.
    /// </summary>
    /// <param name="leader">How the leader stands since.</param>
    /// <param name="voter">The voter.</param>
    /// <param name="proof">The entry.</param>
    public static bool MayRemove(RaftStatus leader, Server voter, ulong proof)
    {
        int holders = leader.Followers.Count(f => f.Id != voter.Id && leader.Configuration.IsVoter(f.Id) && f.MatchIndex >= proof);
        return holders + (leader.Configuration.IsVoter(leader.Id) ? 1 : 0) >= ((leader.Configuration.VoterCount - 1) / 2) + 1;
    }
}
