using Raft.Fsm;
using Raft.Handlers;

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

    private readonly SnapshotIntake _snapshots = new(context);
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

    /// <summary>Whether the role ends by itself soon, and the node stops then: the stop is planned.</summary>
    protected virtual bool DefersStop() => false;

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
        Context.Completions.Add(futures, 0, futures.Length);
    }

    private RoleChange? Turn()
    {
        _hasMore = false;
        if (Context.Inbox.Failure is { } failure)
        {
            return new RoleChange(RaftState.Shutdown, "the node cannot go on") { Failure = failure };
        }

        if (Context.Inbox.IsStopRequested && !(Context.Inbox.IsStopPlanned && DefersStop()))
        {
            return new RoleChange(RaftState.Shutdown, "the node was asked to stop");
        }

        // Events before timers: after a pause, what has come meanwhile counts before the silence does.
        RoleChange? change = TakeDiskNews() ?? _snapshots.Take() ?? ServeRpcs() ?? OnEvents() ?? OnTimer(Context.Clock.Now);
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
        _snapshots.Compact(PinnedFrom);
        Context.State.Log.Release(Context.State.CommitIndex);
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
            HandlerOutcome.Campaign => new RoleChange(RaftState.Candidate, "the leader hands over")
            {
                IsTransfer = true,
                TransferTerm = term,
            },
            HandlerOutcome.Follow => new RoleChange(RaftState.Follower, $"{rpc.Request.Header.Id} leads") { Rpc = rpc },
            _ => null,
        };
    }

    private void OnRequestOfAnyRole(LoopRequest request)
    {
        if (request is StatusRequest status)
        {
            Tell(status.Succeed(StatusReport.Of(Context, Followers())));
            return;
        }

        if (request is ReloadRequest reload)
        {
            OnReload(before: Context.Reload(reload.Config));
            Tell(reload.Future.Succeed(true));
            return;
        }

        OnRequest(request);
    }

    /// <summary>
    /// Other settings are in force: what was drawn from those before is drawn again. Heartbeats need not be: a leader that is
    /// to keep its lease sends them sooner than any timeout that goes with it.
    /// </summary>
    /// <param name="before">The settings before.</param>
    protected virtual void OnReload(RaftConfig before)
    {
    }

    /// <summary>The followers as this role sees them.</summary>
    protected virtual IReadOnlyList<FollowerStatus> Followers() => [];
}
