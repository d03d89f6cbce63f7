using Raft.Core;

namespace Raft.Roles;

/// <summary>Puts together how a node stands, at one instant of its loop.</summary>
internal static class StatusReport
{
    /// <summary>The node's status now.</summary>
    public static RaftStatus Of(RoleContext context, IReadOnlyList<FollowerStatus> followers)
    {
        NodeState state = context.State;
        ulong applied = context.Board.AppliedIndex;
        TimeSpan? lastContact = state.Role == RaftState.Leader ? null : context.Gate.LastContact;
        return new RaftStatus
        {
            Id = state.LocalId,
            State = context.Board.State,
            ProtocolVersion = state.Header.ProtocolVersion,
            Term = state.Term,
            LeaderId = state.Leader.Id,
            LeaderAddress = state.Leader.Address,
            LastLogIndex = state.Log.LastIndex,
            LastLogTerm = state.Log.LastTerm,
            LacksLostLog = state.LacksLostLog,
            CommitIndex = state.CommitIndex,
            LeaderCommitIndex = state.LeaderCommitIndex,
            AppliedIndex = applied,
            FsmPending = context.Feeder.FedIndex > applied ? context.Feeder.FedIndex - applied : 0,
            LastSnapshotIndex = state.Log.SnapshotIndex,
            LastSnapshotTerm = state.Log.SnapshotTerm,
            LastContact = lastContact is { } heard ? context.Clock.Now - heard : null,
            Configuration = state.Configuration,
            ConfigurationIndex = state.Configurations.LatestIndex,
            Followers = followers,
            FailureTolerance = state.Role == RaftState.Leader ? ToleranceOf(context, followers) : null,
        };
    }

    private static int ToleranceOf(RoleContext context, IReadOnlyList<FollowerStatus> followers)
    {
        ClusterConfiguration members = context.State.Configuration;
        int heard = followers.Count(f => members.IsVoter(f.Id) && f.LastContact <= context.Config.HeartbeatTimeout);
        return heard + (context.State.IsVoter ? 1 : 0) - members.QuorumSize;
    }
}
