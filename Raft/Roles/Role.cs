using Raft.Core;
using Raft.Fsm;
using Raft.Handlers;
using Raft.Observability;
using Raft.Snapshots;
using Raft.Storage;

namespace Raft.Roles;

/// <summary>
/// A role's loop: drains what reached the node, most urgent first, until something ends the role. What all roles do
/// alike stands here: news from the disk, requests of other servers, feeding the state machine.
/// </summary>
internal abstract class Role(RoleContext context)
{
    /// <summary>Requests handled in one turn, so that entries never keep timers and acknowledgements waiting for long.</summary>
    private const int RpcsPerTurnMax = 64;

    /// <summary>Callers' questions taken in one turn; those of a leader share one round of heartbeats.</summary>
    private const int RequestsPerTurnMax = 4096;

    private bool _hasMore;

    /// <summary>What the role works with.</summary>
    protected RoleContext Context { get; } = context;

    /// <summary>When <see cref="OnTimer"/> must be called at the latest.</summary>
    protected abstract TimeSpan Deadline { get; }

    /// <summary>The role's loop.</summary>
    /// <param name="first">A request that the role before left to this one.</param>
    /// <returns>What follows.</returns>
    public async Task<RoleChange> RunAsync(IncomingRpc? first)
    {
        RoleChange change;
        try
        {
            change = await RunTurnsAsync(first);
        }
        catch (Exception failure)
        {
            // A broken invariant, or a store that could not be read: the node stops, and its callers are told.
            change = new RoleChange(RaftState.Shutdown, "the node cannot go on") { Failure = failure };
        }

        try
        {
            Exit(change);
        }
        catch (Exception failure)
        {
            change = new RoleChange(RaftState.Shutdown, "the node cannot go on") { Failure = change.Failure ?? failure };
        }

        return change;
    }

    private async Task<RoleChange> RunTurnsAsync(IncomingRpc? first)
    {
        RoleChange? change = Enter() ?? (first is null ? null : Serve(first));
        while (true)
        {
            change ??= Turn();
            if (change is not null)
            {
                return change;
            }

            Context.Timer.Arm(Deadline);
            if (_hasMore)
            {
                await Task.Yield();
            }
            else
            {
                Context.Meter.MainThread.Waits();
                await Context.Inbox.Wake.WaitAsync();
                Context.Meter.MainThread.Works();
            }
        }
    }

    /// <summary>Begins the role.</summary>
    protected abstract RoleChange? Enter();

    /// <summary>Ends the role: whatever it started is told to end.</summary>
    protected abstract void Exit(RoleChange change);

    /// <summary>News from the disk was taken.</summary>
    protected virtual RoleChange? OnDurable() => null;

    /// <summary>Acts on what is due.</summary>
    protected abstract RoleChange? OnTimer(TimeSpan now);

    /// <summary>Takes events that only this role waits for.</summary>
    protected virtual RoleChange? OnEvents() => null;

    /// <summary>Takes commands of callers.</summary>
    /// <returns>Whether more wait that could be taken now.</returns>
    protected virtual bool OnApplies() => false;

    /// <summary>Takes a question of a caller.</summary>
    protected abstract void OnRequest(LoopRequest request);

    /// <summary>Tells a caller the outcome that its future holds.</summary>
    protected void Tell(ICompletion future) => Context.Completions.Add(future);

    /// <summary>Fails commands that wait: this node does not lead, or takes none now.</summary>
    protected void RefuseApplies(Exception? why = null)
    {
        if (Context.Inbox.Applies.IsEmpty)
        {
            return;
        }

        List<ApplyFuture> refused = Context.Inbox.Applies.TakeAll();
        why ??= Context.NotLeader();
        ICompletion[] futures = [.. refused.Select(f => f.Fail(why))];
        Context.Completions.Add(futures, futures.Length);
    }

    private RoleChange? Turn()
    {
        _hasMore = false;
        if (Context.Inbox.Failure is { } failure)
        {
            return new RoleChange(RaftState.Shutdown, "the node cannot go on") { Failure = failure };
        }

        if (Context.Inbox.IsStopRequested)
        {
            return new RoleChange(RaftState.Shutdown, "the node was asked to stop");
        }

        // Events before timers: after a pause, what has come meanwhile counts before the silence does.
        RoleChange? change = TakeDiskNews() ?? TakeSnapshots() ?? ServeRpcs() ?? OnEvents() ?? OnTimer(Context.Clock.Now);
        if (change is not null)
        {
            return change;
        }

        for (int taken = 0; Context.Inbox.Requests.TryRead(out LoopRequest? request);)
        {
            OnRequestOfAnyRole(request);
            if (++taken == RequestsPerTurnMax)
            {
                _hasMore = true;
                break;
            }
        }

        _hasMore |= OnApplies();
        Context.Feeder.Pump(Context.State.ApplicableIndex);
        Context.Snapshots.Look(Context.Board.AppliedIndex);
        Compact();
        Context.State.Log.Release();
        return null;
    }

    private RoleChange? TakeDiskNews()
    {
        bool isNews = false;
        if (!Context.State.IsDurable(Context.Inbox.RecordDurableSequence) && Context.Inbox.RecordDurableSequence > 0)
        {
            Context.State.OnRecordDurable(Context.Inbox.RecordDurableSequence);
            isNews = true;
        }

        if (Context.State.DurableLogSequence < Context.Inbox.LogDurableSequence)
        {
            Context.State.OnLogDurable(Context.Inbox.LogDurableSequence);
            isNews = true;
        }

        if (!isNews)
        {
            return null;
        }

        Context.Answers.Release();
        Context.Dispatcher.OnRecordDurable();
        return OnDurable();
    }

    /// <summary>Takes over snapshots that are durable by now.</summary>
    private RoleChange? TakeSnapshots()
    {
        while (Context.Inbox.Snapshots.TryPeek(out object? news))
        {
            if (news is ReceivedSnapshot { Request: { } request } && request.Term == Context.State.Term
                && Context.State.Role == RaftState.Candidate)
            {
                // The leader of this term has sent it: whoever asks for votes has to follow first, as with any request.
                return new RoleChange(RaftState.Follower, $"{request.Header.Id} leads");
            }

            Context.Inbox.Snapshots.TryRead(out _);
            if (news is TakenSnapshot taken)
            {
                Take(taken);
            }
            else
            {
                Take((ReceivedSnapshot)news);
            }
        }

        return null;
    }

    private void Take(TakenSnapshot taken)
    {
        try
        {
            Context.State.TakeSnapshot(taken.Snapshot);
        }
        finally
        {
            taken.Noted.SetResult();
        }
    }

    private void Take(ReceivedSnapshot received)
    {
        if (Context.Dispatcher.Take(received) is not { } snapshot)
        {
            Context.Receiver.Close(received.Source);
            return;
        }

        foreach (ApplyFuture lost in Context.Feeder.Restore(snapshot))
        {
            Tell(lost.Fail(new LeadershipLostException(
                $"Entry {lost.Index} was committed, but {Context.State.LocalId} lost its leadership and was sent a snapshot "
                + "before it applied the entry: the state machine's answer is not known.",
                lost.Index, lost.Term)));
        }
    }

    /// <summary>Lets go of entries that a snapshot covers and nobody needs.</summary>
    private void Compact()
    {
        if (!Context.State.IsCompactionDue)
        {
            return;
        }

        RaftLog log = Context.State.Log;
        if (PinnedFrom <= log.SnapshotIndex)
        {
            // A follower needs some of it for a while; then all goes at once.
            return;
        }

        Context.State.IsCompactionDue = false;
        ulong through = CompactionRules.ThroughIndex(log.SnapshotIndex, log.LastIndex, Context.Config.TrailingLogs);
        if (through >= log.FirstIndex)
        {
            Context.Logger.LogCompacted(Context.State.LocalId, log.FirstIndex, through);
            log.Compact(through);
        }
    }

    /// <summary>The first entry that must stay for a follower; the maximum where none must.</summary>
    protected virtual ulong PinnedFrom => ulong.MaxValue;

    private RoleChange? ServeRpcs()
    {
        int served = 0;
        while (Context.Inbox.Rpcs.TryRead(out IncomingRpc? rpc))
        {
            if (Serve(rpc) is { } change)
            {
                return change;
            }

            if (++served == RpcsPerTurnMax)
            {
                _hasMore = true;
                break;
            }
        }

        // Appends wait while more is on its way to disk than we hold for it; what they ask is durability.
        while (Context.Writer.PendingBytes < Context.Config.Limits.UndurableBytesMax
            && Context.Inbox.Appends.TryRead(out IncomingRpc? rpc))
        {
            if (Serve(rpc) is { } change)
            {
                return change;
            }

            if (++served >= RpcsPerTurnMax)
            {
                _hasMore = true;
                break;
            }
        }

        return null;
    }

    private RoleChange? Serve(IncomingRpc rpc)
    {
        HandlerOutcome outcome = Context.Dispatcher.Handle(rpc, out ulong term);
        if (outcome == HandlerOutcome.AdoptTerm && Context.State.Role == RaftState.Follower)
        {
            Context.State.AdoptTerm(term);
            Context.Answers.OnTermChanged();
            outcome = Context.Dispatcher.Handle(rpc, out _);
            Invariant.Require(outcome == HandlerOutcome.Done, "a request of the adopted term is handled by a follower");
        }

        return outcome switch
        {
            HandlerOutcome.AdoptTerm => new RoleChange(RaftState.Follower, $"{rpc.Request.Header.Id} is in term {term}")
            {
                Term = term,
                Rpc = rpc,
            },
            HandlerOutcome.Campaign => new RoleChange(RaftState.Candidate, "the leader hands over") { IsTransfer = true },
            HandlerOutcome.Follow => new RoleChange(RaftState.Follower, $"{rpc.Request.Header.Id} leads") { Rpc = rpc },
            _ => null,
        };
    }

    private void OnRequestOfAnyRole(LoopRequest request)
    {
        if (request is StatusRequest status)
        {
            Tell(status.Future.Succeed(StatusReport.Of(Context, Followers())));
            return;
        }

        OnRequest(request);
    }

    /// <summary>The followers as this role sees them.</summary>
    protected virtual IReadOnlyList<FollowerStatus> Followers() => [];
}
