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
    private readonly List<Peer> _peers = [];
    private readonly Commitment _commitment;
    private readonly QuorumContact _contact;
    private readonly QuestionQueue _questions;
    private readonly CommandAppender _appender;

    public LeaderRole(RoleContext context, ulong epoch, IPeerEvents events)
        : base(context)
    {
        NodeState state = context.State;
        _leadership = new Leadership(
            epoch, state.Term, state, context.Writer, context.Transport, context.Capabilities, context.Asks,
            context.Config, context.Clock, context.Random, context.NewTasks(), events, context.Logger,
            context.Mutation);
        ulong firstIndexOfTerm = state.Log.LastIndex + 1;
        _commitment = new Commitment(state.Configuration, firstIndexOfTerm, state.CommitIndex, context.Mutation);
        _contact = new QuorumContact(state.Configuration, state.LocalId, context.Clock.Now);
        _questions = new QuestionQueue(context, _leadership, _contact);
        _appender = new CommandAppender(context, state.Term);
        foreach (Server server in state.Configuration.Servers)
        {
            if (server.Id != state.LocalId)
            {
                _peers.Add(new Peer(_leadership, server));
            }
        }
    }

    protected override TimeSpan Deadline
    {
        get
        {
            TimeSpan lease = _contact.QuorumSentAt(Context.Clock.Now) + Context.Config.LeaderLeaseTimeout;
            return Context.Writer.BusySince is { } since && since + Context.Config.DiskStall < lease
                ? since + Context.Config.DiskStall
                : lease;
        }
    }

    protected override RoleChange? Enter()
    {
        Context.State.BecomeRole(RaftState.Leader);
        Context.State.SetLeader(new LeaderView(Context.State.LocalId, Context.State.LocalAddress));
        Context.Logger.BecameLeader(Context.State.LocalId, _leadership.Term, Context.State.Log.LastIndex + 1);

        // Without an entry of the new term nothing of the terms before could ever commit (§5.4.2, §8).
        _appender.AppendNoop();
        CountOwn();
        foreach (Peer peer in _peers)
        {
            peer.Start();
        }

        return null;
    }

    protected override void Exit(RoleChange change)
    {
        _leadership.Tasks.Stop();
        var lost = new List<ICompletion>();
        foreach (ApplyFuture future in Context.Feeder.Abandon(aboveIndex: Context.State.CommitIndex))
        {
            lost.Add(future.Fail(new LeadershipLostException(
                $"{Context.State.LocalId} ended its leadership of term {future.Term} ({change.Reason}) after it appended "
                + $"entry {future.Index}. The entry may have been committed, and may still be.",
                future.Index, future.Term)));
        }

        Context.Completions.Add([.. lost], lost.Count);
        _questions.FailAll();
    }

    protected override RoleChange? OnDurable()
    {
        CountOwn();
        return null;
    }

    protected override RoleChange? OnTimer(TimeSpan now)
    {
        if (Context.IsDiskStalled)
        {
            Context.Logger.DiskStalled(Context.State.LocalId, Context.DiskBusyFor);
            return new RoleChange(RaftState.Follower, "its disk does not answer");
        }

        return now - _contact.QuorumSentAt(now) >= Context.Config.LeaderLeaseTimeout
            ? new RoleChange(RaftState.Follower, "no majority was heard within the leader lease")
            : null;
    }

    protected override RoleChange? OnEvents()
    {
        bool isNews = false;
        while (Context.Inbox.PeerEvents.TryDequeue(out PeerEvent news))
        {
            if ((news.Epoch != _leadership.Epoch || !_peers.Contains(news.Source))
                && Context.Mutation != Mutation.EarlierLeadershipMatch)
            {
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

    protected override void OnRequest(LoopRequest request)
    {
        if (request is ConfirmRequest question)
        {
            _questions.Add(question, _commitment.HasCommittedOwnTerm);
        }
        else
        {
            Tell(request.Fail(new CannotBootstrapException("This server leads a cluster already.")));
        }
    }

    protected override bool OnApplies()
    {
        if (_questions.Ask())
        {
            foreach (Peer peer in _peers)
            {
                peer.WakeHeartbeater();
            }

            _questions.Settle();
        }

        int batches = 0;
        while (batches < BatchesPerTurnMax && _appender.AppendCommands())
        {
            batches++;
        }

        if (batches > 0)
        {
            foreach (Peer peer in _peers)
            {
                peer.WakeReplicator();
            }
        }

        return batches == BatchesPerTurnMax;
    }

    protected override IReadOnlyList<FollowerStatus> Followers() =>
    [
        .. _peers.Select(peer => new FollowerStatus(
            peer.Server.Id, peer.Progress.MatchIndex, peer.Progress.NextIndex,
            peer.LastAnswerAt is { } at ? Context.Clock.Now - at : null, peer.Progress.Mode.ToString())),
    ];

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
        if (_commitment.HasCommittedOwnTerm)
        {
            Context.State.NoteLeaderCommit(_commitment.CommitIndex);
            _questions.AdmitReads();
        }
    }
}
