using Raft.Membership;
using Raft.Roles;

namespace Raft.Routing;

/// <summary>What tasks beside the loop see of the members, and how they change them.</summary>
internal sealed class MemberPort(LoopInbox inbox)
{
    /// <summary>How the node stands.</summary>
    /// <exception cref="OperationCanceledException">The node was stopped.</exception>
    public async Task<RaftStatus> LookAsync()
    {
        var request = new StatusRequest<RaftStatus>(static status => status);
        try
        {
            RaftStatus status = inbox.TryAdd(request) ? await request.Future.Task : throw new OperationCanceledException();
            return status.State != RaftState.Shutdown ? status : throw new OperationCanceledException();
        }
        catch (RaftShutdownException stopped)
        {
            throw new OperationCanceledException("The node was stopped.", stopped);
        }
    }

    /// <summary>Changes the members, on the leader, if nobody has since they were looked at.</summary>
    /// <param name="change">The change.</param>
    /// <param name="seen">How the leader stood by which the change was decided.</param>
    /// <returns>The change's entry, committed.</returns>
    /// <exception cref="ConfigurationChangeException">The members are others by now, or no cluster can run on the result.</exception>
    /// <exception cref="OperationCanceledException">The node was stopped.</exception>
    public async Task<ApplyResult> ChangeAsync(ConfigurationChange change, RaftStatus seen)
    {
        var request = new ChangeRequest(change, seen.ConfigurationIndex, timeout: default);
        return inbox.TryAdd(request) ? await request.Future.Task : throw new OperationCanceledException();
    }
}
