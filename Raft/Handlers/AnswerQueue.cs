using Raft.Core;
using Raft.Mutations;
using Raft.Observability;

namespace Raft.Handlers;

/// <summary>
/// Answers that wait for the disk: no message leaves before what it says is durable (design of docs/architecture.md,
/// "Durability"). Owned by the loop.
/// </summary>
/// <remarks>
/// An answer belongs to the term and the log it was asked under. If the term changes meanwhile, or one of its entries is
/// truncated, the sender is told of the present term and of no success.
/// </remarks>
internal sealed class AnswerQueue(NodeState state, RpcMeter meter, Mutation mutation)
{
    private readonly List<Waiting> _waiting = [];

    /// <summary>Answers once the term and vote, and the log up to an index, are durable.</summary>
    /// <param name="rpc">The request.</param>
    /// <param name="answer">The answer that is true then.</param>
    /// <param name="durableIndex">The index that must be durable; 0 where the log does not matter.</param>
    /// <param name="logSequence">The log change that must be durable; 0 for none.</param>
    /// <param name="storingSince">When the request's entries began to be stored; null where none are, or nobody measures.</param>
    public void Add(
        IncomingRpc rpc, RpcResponse answer, ulong durableIndex = 0, ulong logSequence = 0, TimeSpan? storingSince = null)
    {
        var waiting = new Waiting(rpc, answer, state.Term, state.RecordSequence, durableIndex, logSequence, storingSince);
        if (IsTrue(waiting))
        {
            Give(waiting);
        }
        else
        {
            _waiting.Add(waiting);
        }
    }

    /// <summary>Gives the answers that have become true. To be called after every news from the disk.</summary>
    public void Release()
    {
        int kept = 0;
        for (int i = 0; i < _waiting.Count; i++)
        {
            Waiting waiting = _waiting[i];
            if (IsTrue(waiting))
            {
                Give(waiting);
            }
            else
            {
                _waiting[kept++] = waiting;
            }
        }

        _waiting.RemoveRange(kept, _waiting.Count - kept);
    }

    /// <summary>The term has changed: what was asked under the old one has failed.</summary>
    public void OnTermChanged()
    {
        for (int i = 0; i < _waiting.Count; i++)
        {
            if (_waiting[i].Term != state.Term
                && !(mutation == Mutation.SuccessAfterLaterVote && _waiting[i].Answer is AppendEntriesResponse))
            {
                _waiting[i] = Refused(_waiting[i]);
            }
        }

        Release();
    }

    /// <summary>Entries from an index on are gone: no answer may promise them.</summary>
    public void OnTruncated(ulong fromIndex)
    {
        for (int i = 0; i < _waiting.Count; i++)
        {
            if (_waiting[i].DurableIndex >= fromIndex)
            {
                _waiting[i] = Refused(_waiting[i]);
            }
        }

        Release();
    }

    /// <summary>The node stops: nothing that waited for the disk is answered with success.</summary>
    public void Drop()
    {
        foreach (Waiting waiting in _waiting)
        {
            waiting.Rpc.Respond(null, "the node has stopped");
        }

        _waiting.Clear();
    }

    private void Give(in Waiting waiting)
    {
        meter.StoreLogs.End(waiting.StoringSince);
        waiting.Rpc.Respond(waiting.Answer);
        meter.Answered(waiting.Rpc);
    }

    private bool IsTrue(in Waiting waiting) =>
        state.IsDurable(waiting.RecordSequence) && state.Log.DurableIndex >= waiting.DurableIndex
        && state.DurableLogSequence >= waiting.LogSequence;

    private Waiting Refused(in Waiting waiting) => waiting with
    {
        Answer = Refusal(waiting.Answer),
        Term = state.Term,
        RecordSequence = state.RecordSequence,
        DurableIndex = 0,
        LogSequence = 0,
        StoringSince = null,
    };

    private RpcResponse Refusal(RpcResponse answer) => answer switch
    {
        AppendEntriesResponse append => append with
        {
            Term = state.Term,
            LastLog = state.Log.LastIndex,
            Success = false,
            NoRetryBackoff = false,
            ConflictIndex = null,
            ConflictTerm = 0,
        },
        RequestVoteResponse vote => vote with { Term = state.Term, Granted = false },
        InstallSnapshotResponse snapshot => snapshot with { Term = state.Term, Success = false },
        RequestPreVoteResponse vote => vote with { Term = state.Term, Granted = false },
        _ => answer,
    };

    private readonly record struct Waiting(
        IncomingRpc Rpc, RpcResponse Answer, ulong Term, ulong RecordSequence, ulong DurableIndex, ulong LogSequence,
        TimeSpan? StoringSince);
}
