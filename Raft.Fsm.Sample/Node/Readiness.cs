namespace Raft.Fsm.Sample.Node;

/// <summary>
/// Whether a node is ready to serve: it votes, knows a leader, and has applied the first commit index that it learned
/// from it. Any task.
/// </summary>
internal sealed class Readiness(RaftNode node)
{
    // Several probes at once look at the same leader; a lock, since no task owns this.
    private readonly Lock _gate = new();
    private (ServerId Id, ulong Term) _leader;
    private ulong _targetIndex;

    /// <summary>Why the node is not ready; null where it is.</summary>
    public async Task<string?> WhyNotAsync()
    {
        RaftStatus status = await node.GetStatusAsync();
        if (status.LeaderId.IsEmpty)
        {
            return "no leader is known";
        }

        if (!status.Configuration.IsVoter(status.Id))
        {
            return "this node is no voter of the cluster";
        }

        ulong target = Target(status);
        if (target == 0)
        {
            return "nothing was heard of what is committed yet";
        }

        return status.AppliedIndex >= target
            ? null
            : $"applied up to {status.AppliedIndex}, committed when the leader was first heard: {target}";
    }

    private ulong Target(RaftStatus status)
    {
        lock (_gate)
        {
            if (_leader != (status.LeaderId, status.Term))
            {
                _leader = (status.LeaderId, status.Term);
                _targetIndex = 0;
            }

            if (_targetIndex == 0)
            {
                _targetIndex = status.LeaderCommitIndex;
            }

            return _targetIndex;
        }
    }
}
