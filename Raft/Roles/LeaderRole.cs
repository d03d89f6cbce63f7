using Raft.Core;
using Raft.Fsm;
using Raft.Mutations;
using Raft.Observability;
using Raft.Replication;

namespace Raft.Roles;

/// <summary>
/// Leads (runLeader, §5.3): appends what callers apply, in groups, sends it while the own disk writes it, counts who
/// holds what, and steps down when no majority is heard or the disk does not answer.
/// </summary>
internal sealed class LeaderRole : Role
{
    private const int BatchesPerTurnMax = 4;

    private readonly Leadership _leadership;
    private readonly PeerSet _peers;
    private readonly Commitment _commitment;
    private readonly QuorumContact _contact;
    private readonly LeaderLease _lease;
    private readonly QuestionQueue _questions;
    private readonly ChangeQueue _changes;
    private readonly CommandAppender _appender;
    private readonly Succession _succession;
    private readonly LeaderPreference _preference;
    private readonly LeaderGauges _gauges;

    public LeaderRole(RoleContext context, ulong epoch, IPeerEvents events)
        : base(context)
    {
        NodeState state = context.State;
        _leadership = new Leadership(
            epoch, state.Term, state, context.Writer, context.SnapshotStore, context.Snapshots.Need, context.Transport, context.Capabilities,
            context.Asks, context.Settings, context.Clock, context.Random, context.NewTasks(), events, context.Observers,
            context.Meter, context.Logger, context.Mutation);
        ulong firstIndexOfTerm = state.Log.LastIndex + 1;
        _commitment = new Commitment(state.Configuration, firstIndexOfTerm, state.CommitIndex, context.Mutation);
        _contact = new QuorumContact(state.Configuration, state.LocalId, context.Clock.Now);
        _peers = new PeerSet(context, _leadership);
        _lease = new LeaderLease(state.Configuration, state.LocalId, context.Config.ClockDriftMax, context.Mutation);
        _questions = new QuestionQueue(context, _leadership, _peers, _contact, _lease);
        var restores = new RestoreGuard(context, _peers);
        _changes = new ChangeQueue(context, restores);
        _appender = new CommandAppender(context, state.Term, _peers, restores);
        _succession = new Succession(context, _leadership, _peers);
        _preference = new LeaderPreference(context, _peers);
        _gauges = new LeaderGauges(context, _leadership, _peers);
    }

    protected override TimeSpan Deadline
    {
        get
        {
            TimeSpan first = _contact.LookAt(Context.Clock.Now, Context.Config.LeaderLeaseTimeout);
            first = Min(first, _leadership.LookAtDiskAt ?? first);
            first = Min(Min(first, _changes.Deadline), _succession.Deadline ?? first);
            return Min(Min(first, _gauges.Deadline), _preference.Deadline);
        }
    }

    protected override ulong PinnedFrom => _peers.PinnedFrom;

    protected override RoleChange? Enter()
    {
        Context.State.BecomeRole(RaftState.Leader);
        Context.Leaderships.Tell(isLeader: true);
        Context.State.SetLeader(new LeaderView(Context.State.LocalId, Context.State.LocalAddress));
        Context.Logger.BecameLeader(Context.State.LocalId, _leadership.Term, Context.State.Log.LastIndex + 1);

        // The followers before that entry: what is taken to match is the log as it was until now (§5.3).
        _peers.Begin();

        // Without an entry of the new term nothing of the terms before could ever commit (§5.4.2, §8).
        _appender.AppendNoop();
        CountOwn();
        return null;
    }

    protected override void Exit(RoleChange change)
    {
        Context.Leaderships.Tell(isLeader: false);
        _peers.Stop();
        _leadership.Tasks.Stop();
        var lost = new List<ICompletion>();
        foreach (ApplyFuture future in Context.Feeder.Abandon(aboveIndex: Context.State.CommitIndex))
        {
            lost.Add(future.Fail(new LeadershipLostException(
                $"{Context.State.LocalId} ended its leadership of term {future.Term} ({change.Reason}) after it appended "
                + $"entry {future.Index}. The entry may have been committed, and may still be.",
                future.Index, future.Term)));
        }

        Context.Completions.Add([.. lost], 0, lost.Count);
        _questions.FailAll();
        _changes.FailAll(new NotLeaderException(
            $"{Context.State.LocalId} ended its leadership ({change.Reason}) before it took the change. Nothing was appended."));
        if (Context.Mutation == Mutation.TransferOutlivesLeader)
        {
            Context.Board.IsTransferStuck = _succession.IsUnderWay;
        }

        _succession.End(change);
    }

    protected override RoleChange? OnDurable()
    {
        _appender.OnDurable(Context.State.Log.DurableIndex);
        CountOwn();
        return null;
    }

    protected override RoleChange? OnTimer(TimeSpan now)
    {
        if (_leadership.IsDiskStalled)
        {
            Context.Logger.DiskStalled(Context.State.LocalId, Context.DiskBusyFor);
            return new RoleChange(RaftState.Follower, "its disk does not answer");
        }

        if (_contact.IsLost(now, Context.Config.LeaderLeaseTimeout))
        {
            Context.Meter.LeaseTimeout?.Add(1);
            return new RoleChange(RaftState.Follower, "no majority was heard within the leader lease");
        }

        _gauges.Look(now);
        _changes.Expire(now);
        _peers.DismissLeaving();
        if (_preference.Look(now) is { } preferred)
        {
            _succession.Prefer(preferred);
        }

        return _succession.Advance();
    }

    protected override RoleChange? OnEvents()
    {
        bool isNews = false;
        while (Context.Inbox.PeerEvents.TryDequeue(out PeerEvent news))
        {
            if ((news.Epoch != _leadership.Epoch || !_peers.IsMember(news.Source))
                && Context.Mutation != Mutation.EarlierLeadershipMatch
                && !(news.Epoch == _leadership.Epoch && Context.Mutation == Mutation.RemovedServerCounted))
            {
                if (news.Kind == PeerEventKind.HigherTerm)
                {
                    _peers.Dismiss(news.Source);
                }

                continue;
            }

            ServerId id = news.Source.Server.Id;
            switch (news.Kind)
            {
                case PeerEventKind.HigherTerm:
                    return new RoleChange(RaftState.Follower, $"{id} is in term {news.Term}") { Term = news.Term };
                case PeerEventKind.LostEntries:
                    _commitment.Forget(id);
                    break;
                default:
                    isNews = true;
                    Context.Trace?.Acknowledged(id, news.MatchIndex, news.Round);
                    _contact.Acknowledge(id, news.SentAt, news.Round);
                    _lease.Promised(id, news.SentAt, news.Promise, Context.Clock.Now);
                    if (_commitment.Match(id, news.MatchIndex))
                    {
                        OnCommit();
                    }

                    break;
            }
        }

        if (isNews)
        {
            _questions.Settle();
        }

        return null;
    }

    /// <summary>A planned stop: another is to lead first. It is not waited for longer than any handover.</summary>
    protected override bool DefersStop()
    {
        _succession.Leave("the node was asked to stop");
        return true;
    }

    protected override void OnRequest(LoopRequest request)
    {
        switch (request)
        {
            case ConfirmRequest question:
                _questions.Add(question, _commitment.HasCommittedOwnTerm);
                break;
            case TransferRequest transfer:
                _succession.Ask(transfer);
                break;
            case ChangeRequest when _succession.IsUnderWay:
                Tell(request.Fail(_succession.Refusal()));
                break;
            case ChangeRequest change:
                _changes.Add(change);
                break;
            default:
                Tell(request.Fail(request is RejoinRequest
                    ? new CannotRejoinException("This server leads a cluster: it lost no disk.")
                    : new CannotBootstrapException("This server leads a cluster already.")));
                break;
        }
    }

    protected override bool OnApplies()
    {
        if (_questions.Ask())
        {
            _peers.WakeHeartbeaters();
            _questions.Settle();
        }

        if (_succession.IsUnderWay || Context.Board.IsTransferStuck)
        {
            RefuseApplies(_succession.Refusal());
            _changes.FailAll(_succession.Refusal());
            return false;
        }

        TakeChange();
        int batches = 0;
        while (batches < BatchesPerTurnMax && _appender.AppendCommands())
        {
            batches++;
        }

        if (batches > 0)
        {
            _peers.WakeReplicators();
        }

        return batches == BatchesPerTurnMax;
    }

    protected override IReadOnlyList<FollowerStatus> Followers() =>
    [
        .. _peers.Members.Select(peer => new FollowerStatus(
            peer.Server.Id, peer.Progress.MatchIndex, peer.Progress.NextIndex,
            peer.LastAnswerAt is { } at ? Context.Clock.Now - at : null, peer.Progress.Mode.ToString(),
            Context.Clock.Now - (peer.LastAnswerAt ?? peer.BeganAt))),
    ];

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>The own log counts like a follower's: as far as it is durable (W11).</summary>
    private void CountOwn()
    {
        if (_commitment.Match(Context.State.LocalId, Context.State.Log.DurableIndex))
        {
            OnCommit();
        }
    }

    private void OnCommit()
    {
        Context.State.AdvanceCommit(_commitment.CommitIndex);
        _appender.OnCommit(_commitment.CommitIndex);
        _peers.TellCommit();
        if (_commitment.HasCommittedOwnTerm)
        {
            Context.State.NoteLeaderCommit(_commitment.CommitIndex);
            _questions.AdmitReads();
        }

        if (IsConfigurationCommitted && !Context.State.IsVoter)
        {
            _succession.Leave("it does not vote in the committed configuration");
        }
    }

    private bool IsConfigurationCommitted => Context.State.Configurations.LatestIndex <= Context.State.CommitIndex;

    /// <summary>Appends the next change of the members, if one waits and may be taken.</summary>
    private void TakeChange()
    {
        bool mayChange = _commitment.HasCommittedOwnTerm
            && (IsConfigurationCommitted || Context.Mutation == Mutation.TwoChangesAtOnce);
        if (!mayChange || _changes.Take() is not { } taken)
        {
            return;
        }

        (ChangeRequest request, ClusterConfiguration next) = taken;
        _appender.AppendConfiguration(next, request.Future);
        ulong index = Context.State.Configurations.LatestIndex;
        Context.Logger.MembersChanged(Context.State.LocalId, index, request.Change, next);
        _contact.SetConfiguration(next, Context.Clock.Now);
        _lease.SetConfiguration(next);
        _peers.Follow(next);
        _peers.WakeReplicators();
        if (_commitment.SetConfiguration(next))
        {
            OnCommit();
        }
    }
}
