using Raft.Core;
using Raft.Mutations;
using Raft.Replication;

namespace Raft.Roles;

/// <summary>
/// Verifications and reads that wait for a majority to confirm this leadership. All that come in one turn share one
/// round of heartbeats (thesis 6.4). Owned by the leader role.
/// </summary>
internal sealed class QuestionQueue(RoleContext context, Leadership leadership, PeerSet peers, QuorumContact contact, LeaderLease lease)
{
    /// <summary>So many heartbeat timeouts after the last lease read followers are asked for promises no more.</summary>
    private const int LeaseIdleTimeouts = 10;

    private readonly Queue<ConfirmRequest> _asked = new();
    private readonly List<ConfirmRequest> _waitingForOwnTerm = [];
    private bool _isNewRound;

    /// <summary>Takes a question. A read waits until an entry of this term is committed: before, the commit index may be old.</summary>
    public void Add(ConfirmRequest question, bool hasCommittedOwnTerm)
    {
        if (question is ReadIndexRequest { Asker.IsEmpty: false } asked && peers.Find(asked.Asker) is null)
        {
            // It is sent no entries, and would wait for ever for those up to the index.
            context.Completions.Add(question.Fail(new NotLeaderException(
                $"{asked.Asker} is no member of the cluster that {context.State.LocalId} leads. Nothing was read.")));
            return;
        }

        if (question.IsRead && !hasCommittedOwnTerm)
        {
            _waitingForOwnTerm.Add(question);
            return;
        }

        question.CommitIndex = context.State.CommitIndex;
        if (question is ReadIndexRequest { MayUseLease: true })
        {
            leadership.LeaseWantedUntil = context.Clock.Now + (context.Config.HeartbeatTimeout * LeaseIdleTimeouts);
            if (IsLeased)
            {
                Confirm(question);
                return;
            }
        }

        if (!_isNewRound)
        {
            _isNewRound = true;
            leadership.Round++;
            context.Trace?.Asked(leadership.Round);
        }

        question.Round = leadership.Round;
        _asked.Enqueue(question);
    }

    /// <summary>An entry of this term is committed: the reads that waited for it can be asked.</summary>
    public void AdmitReads()
    {
        foreach (ConfirmRequest read in _waitingForOwnTerm)
        {
            Add(read, hasCommittedOwnTerm: true);
        }

        _waitingForOwnTerm.Clear();
    }

    /// <summary>Closes the round: what comes from now on needs requests sent later.</summary>
    /// <returns>Whether there is a new round to ask the followers.</returns>
    public bool Ask()
    {
        bool isNewRound = _isNewRound;
        _isNewRound = false;
        return isNewRound;
    }

    /// <summary>Answers the questions that a majority has confirmed.</summary>
    public void Settle()
    {
        if (_asked.Count == 0)
        {
            return;
        }

        ulong confirmed = context.Mutation == Mutation.ReadWithoutQuorum
            ? leadership.Round : contact.QuorumRound(leadership.Round);
        while (_asked.TryPeek(out ConfirmRequest? question) && question.Round <= confirmed)
        {
            _asked.Dequeue();
            context.Trace?.Confirmed(question.Round);
            Confirm(question);
        }
    }

    /// <summary>Whether a majority has promised to elect nobody else meanwhile. Not once the leadership may be handed over.</summary>
    private bool IsLeased => context.Clock.Now < lease.End
        && (!leadership.IsLeaseOver || context.Mutation == Mutation.LeaseAfterTimeoutNow);

    private void Confirm(ConfirmRequest question)
    {
        question.Confirm(context.Completions);
        if (question is ReadIndexRequest { Asker.IsEmpty: false } read)
        {
            peers.Want(read.Asker, read.CommitIndex);
        }
    }

    /// <summary>The leadership ends: nobody can be told that it holds.</summary>
    public void FailAll()
    {
        _waitingForOwnTerm.AddRange(_asked);
        foreach (ConfirmRequest question in _waitingForOwnTerm)
        {
            context.Completions.Add(question.Fail(new NotLeaderException(
                $"{context.State.LocalId} ended its leadership before a majority confirmed it. Nothing was read.")));
        }

        _waitingForOwnTerm.Clear();
        _asked.Clear();
    }
}
