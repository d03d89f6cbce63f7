namespace Raft.Fsm.Sample.Join;

/// <summary>
/// What comes next on the way into a cluster. Nothing is remembered across restarts: every step is found again from the
/// node's own log and the cluster's configuration, and every step may be done twice.
/// </summary>
internal static class JoinDecision
{
    /// <summary>How many entries behind still counts as caught up.</summary>
    public const ulong LagMax = 64;

    /// <summary>Finds out whether the cluster is to be looked at: a voter asks for nothing.</summary>
    /// <param name="self">The node.</param>
    /// <returns><see cref="JoinStep.Done"/>, or to wait; null where the cluster decides.</returns>
    public static JoinStep? WithoutAsking(JoinSelf self) => self switch
    {
        { IsHeld: true } or { IsVoter: false } => null,
        { IsReady: true } => JoinStep.Done,

        // Its log may be an old one, by which it votes until it has caught up.
        _ => JoinStep.Wait,
    };

    /// <summary>Finds the next step of a node that is no voter.</summary>
    /// <param name="self">The node.</param>
    /// <param name="cluster">The cluster, as the member tells it that was asked.</param>
    /// <returns>The step, and what for.</returns>
    public static (JoinStep Step, string Reason) Next(JoinSelf self, JoinView cluster)
    {
        if (!cluster.HasLeader)
        {
            return (JoinStep.Wait, "it knows no leader");
        }

        if (self.IsHeld)
        {
            // Without looking whether it is a member: the one asked may not know yet, and removing nobody does no harm.
            return (JoinStep.Remove, "this node has no state; what an earlier life of it left in the cluster goes first");
        }

        if (cluster.ConfigurationIndex < self.LastChangeIndex)
        {
            return (JoinStep.Wait, $"it has not heard of the change at index {self.LastChangeIndex} yet");
        }

        Server? member = cluster.Configuration.Find(self.Id);
        if (member is null || (!member.IsVoter && member.Address != self.Address))
        {
            return (JoinStep.Add, "this node is no member, or under another address");
        }

        if (member.IsVoter)
        {
            return (JoinStep.Wait, "this node is a voter there, and has to hear of it from its leader");
        }

        return self.KnowsItIsNonvoter && self.LastLogIndex + LagMax >= cluster.CommitIndex
            ? (JoinStep.Promote, $"this node has {self.LastLogIndex} of {cluster.CommitIndex} entries")
            : (JoinStep.Wait, "this node is a nonvoter and catches up");
    }
}
