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
        RaftStatus status = inbox.TryAdd(request) ? await request.Future.Task : throw new OperationCanceledException();
        return status.State != RaftState.Shutdown ? status : throw new OperationCanceledException();
    }

    /// <summary>Changes the members, on the leader.</summary>
    /// <param name="change">The change.</param>
    /// <param name="previousIndex">For which configuration alone it is meant; 0 for any.</param>
    /// <exception cref="OperationCanceledException">The node was stopped.</exception>
    public async Task<ApplyResult> ChangeAsync(ConfigurationChange change, ulong previousIndex = 0)
    {
        var request = new ChangeRequest(change, previousIndex, timeout: default);
        return inbox.TryAdd(request) ? await request.Future.Task : throw new OperationCanceledException();
    }
}
