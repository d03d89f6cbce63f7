using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Http;

/// <summary>
/// Gets an operation to the leader: does it here, or sends the request on, and tries again while nothing happened and
/// there is time. What it answers after the time is over is what a client may conclude (the contract's table of errors).
/// </summary>
internal sealed class LeaderGate(KvNode node, Forwarder forwarder)
{
    // How soon to look again for a leader while there is none: much shorter than an election, and cheap to look.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>How long an error answer may wait to learn the leader's HTTP address.</summary>
    public static readonly TimeSpan AddressPatience = TimeSpan.FromMilliseconds(500);

    /// <summary>Gets the operation done.</summary>
    /// <exception cref="ApiException">It could not be done, or nobody knows.</exception>
    public async Task<Answer> RunAsync(ApiRequest request, LeaderOperation operation)
    {
        bool mayForward = !request.IsForwarded && request.IsForwardAllowed;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted);
        deadline.CancelAfter(operation.Patience ?? node.ApplyTimeout);
        long started = TimeProvider.System.GetTimestamp();
        for (bool isFirst = true; ; isFirst = false)
        {
            TimeSpan left = node.ApplyTimeout - TimeProvider.System.GetElapsedTime(started);
            if (left <= Pause && !isFirst)
            {
                throw ApiException.NoLeader(
                    $"no leader was found within {node.ApplyTimeout.TotalMilliseconds} ms; nothing happened");
            }

            Answer? answer = node.Raft.State switch
            {
                RaftState.Leader => await TryHereAsync(operation, mayForward, left, deadline.Token, request.Aborted),
                RaftState.Shutdown => throw ApiException.ShuttingDown(),
                _ => await TryElsewhereAsync(request, operation, mayForward, left, deadline.Token),
            };
            if (answer is not null)
            {
                return answer;
            }

            await Task.Delay(Pause, request.Aborted);
        }
    }

    /// <returns>The answer; null where nothing happened and another try may succeed.</returns>
    private static async Task<Answer?> TryHereAsync(
        LeaderOperation operation, bool mayRetry, TimeSpan left, CancellationToken deadline, CancellationToken aborted)
    {
        try
        {
            return await operation.RunAsync(left, deadline);
        }
        catch (NotLeaderException) when (mayRetry)
        {
            return null;
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            throw operation.IsWrite
                ? ApiException.OutcomeUnknown("the write was not committed in time; it may have happened, or may still")
                : ApiException.NoLeader("this node could not confirm in time that it leads; nothing was read");
        }
    }

    private async Task<Answer?> TryElsewhereAsync(
        ApiRequest request, LeaderOperation operation, bool mayForward, TimeSpan left, CancellationToken deadline)
    {
        if (!mayForward)
        {
            bool isKnown = !node.Raft.Leader.Id.IsEmpty && node.Raft.Leader.Id != node.Raft.Id;
            throw isKnown || request.IsForwarded
                ? ApiException.NotLeader($"{node.Raft.Id} does not lead; ask the leader")
                : ApiException.NoLeader($"{node.Raft.Id} does not lead, and knows no leader now");
        }

        // A leader that does not answer is soon no leader any more: look again instead of waiting for it.
        LeaderInfo? leader = await node.Leaders.FindAsync(left < AddressPatience ? left : AddressPatience);
        if (leader is null || leader.Id == node.Raft.Id)
        {
            return null;
        }

        if (leader.Http is { } http)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(deadline);
            if (!operation.IsWrite)
            {
                // A read may be asked of another leader; a write, once sent, may not.
                patience.CancelAfter(node.ApplyTimeout / 8);
            }

            return await forwarder.SendAsync(leader, http, request, operation.IsWrite, patience.Token);
        }

        return leader.IsForeign
            ? throw ApiException.NotLeader($"the leader {leader.Id} is no raftkv of this library, so nothing can be sent on to it")
            : null;
    }
}
