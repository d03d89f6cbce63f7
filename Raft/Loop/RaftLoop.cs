using Raft.Core;
using Raft.Observability;
using Raft.Roles;

namespace Raft.Loop;

/// <summary>
/// The main loop (run): one role after the other until the node stops. Between two roles it adopts the term that ended
/// the one before.
/// </summary>
internal sealed class RaftLoop(RoleContext context)
{
    private ulong _campaign;
    private ulong _epoch;

    /// <summary>The loop.</summary>
    /// <returns>Why it ended.</returns>
    public async Task<RoleChange> RunAsync()
    {
        var change = new RoleChange(RaftState.Follower, "it was started");
        while (change.Next != RaftState.Shutdown)
        {
            change = change.Next switch
            {
                RaftState.Leader => Leave(await RunLeaderAsync()),
                RaftState.Candidate => await RunCandidateAsync(change),
                _ => await RunFollowerAsync(change),
            };
            Settle(change);
        }

        return change;
    }

    private Task<RoleChange> RunFollowerAsync(RoleChange change)
    {
        context.Meter.Follower?.Add(1);
        context.Logger.BecameFollower(context.State.LocalId, context.State.Term, change.Reason);
        return new FollowerRole(context, change.Failover).RunAsync(change.Rpc);
    }

    private Task<RoleChange> RunCandidateAsync(RoleChange change)
    {
        context.Meter.Candidate?.Add(1);
        return new CandidateRole(
            context, ++_campaign, change.IsTransfer, change.TransferTerm, change.Failover).RunAsync(first: null);
    }

    private Task<RoleChange> RunLeaderAsync()
    {
        context.Meter.Leader?.Add(1);
        return new LeaderRole(context, ++_epoch, context.Inbox).RunAsync(first: null);
    }

    /// <summary>A leader that was removed is done, and stops, if it is to.</summary>
    private RoleChange Leave(RoleChange change)
    {
        if (change.Next != RaftState.Follower || !context.Config.ShutdownOnRemove || !context.State.IsRemoved)
        {
            return change;
        }

        change.Rpc?.Respond(null, "the node was stopped");
        return new RoleChange(RaftState.Shutdown, "it was removed");
    }

    private void Settle(RoleChange change)
    {
        if (change.Term > context.State.Term)
        {
            context.State.AdoptTerm(change.Term);
            context.Answers.OnTermChanged();
        }
        else if (context.State.Role != RaftState.Follower)
        {
            context.State.SetLeader(LeaderView.None);
        }
    }
}
