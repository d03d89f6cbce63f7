using Raft.Core;
using Raft.Mutations;
using Raft.Observability;
using Raft.Storage;

namespace Raft.Roles;

/// <summary>
/// Follows a leader, or waits for one (runFollower, §5.2): campaigns when none was heard in time, if this server votes
/// in the configuration in force.
/// </summary>
/// <param name="context">What it works with.</param>
/// <param name="failover">Set where a campaign was lost that followed the end of the leader's process: there may be another.</param>
internal sealed class FollowerRole(RoleContext context, Failover? failover) : Role(context)
{
    /// <summary>
    /// How often a server that is losing its vote doubles its patience. It may be the only one that can win (thesis 4.2.2); mostly
    /// another leads, and voters that do not know pre-votes would be disturbed by its terms for ever.
    /// </summary>
    private const int VainDoublingsMax = 5;

    private readonly LeaderLoss _loss = new(context);
    private TimeSpan _since;
    private TimeSpan _patience;
    private string? _saidWhyNot;
    private BootstrapRequest? _bootstrap;
    private RejoinRequest? _rejoin;

    protected override TimeSpan Deadline => _loss.Deadline < ElectionAt ? _loss.Deadline : ElectionAt;

    private TimeSpan ElectionAt => LastHeard + _patience;

    private TimeSpan LastHeard => Context.Gate.LastContact is { } contact && contact > _since ? contact : _since;

    protected override RoleChange? Enter()
    {
        Context.State.BecomeRole(RaftState.Follower);
        Wait();
        if (failover is not null)
        {
            _loss.TryAgain(failover);
        }

        return null;
    }

    protected override void Exit(RoleChange change)
    {
        _loss.Stop();
        if (_bootstrap is not null)
        {
            Tell(_bootstrap.Fail(new RaftException(
                "The node changed its role before the bootstrap was known to be durable; its status shows what it holds.")));
        }

        if (_rejoin is not null)
        {
            Tell(_rejoin.Fail(new RaftException("The node changed its role before the rejoin was known to be durable.")));
        }
    }

    protected override RoleChange? OnDurable()
    {
        if (_bootstrap is not null && Context.State.Log.DurableIndex >= 1)
        {
            if (!Context.State.Configuration.Equals(_bootstrap.Configuration))
            {
                Tell(_bootstrap.Fail(new CannotBootstrapException(
                    "Another cluster's leader took this server over before the bootstrap was durable.")));
                _bootstrap = null;
                return null;
            }

            Context.Logger.Bootstrapped(Context.State.LocalId, _bootstrap.Configuration);
            Tell(_bootstrap.Future.Succeed(1));
            _bootstrap = null;
        }

        if (_rejoin is not null && Context.State.IsRecordDurable)
        {
            Tell(_rejoin.Future.Succeed(_rejoin.Point.Index));
            _rejoin = null;
        }

        return null;
    }

    protected override RoleChange? OnEvents()
    {
        _loss.Look();
        return null;
    }

    protected override RoleChange? OnTimer(TimeSpan now)
    {
        if (now >= _loss.CampaignAt && _loss.IsDrained && TryFailOver() is { } change)
        {
            return change;
        }

        if (now < ElectionAt)
        {
            return null;
        }

        Context.State.SetLeader(LeaderView.None);
        if (WhyNotCampaign() is { } why)
        {
            if (why != _saidWhyNot)
            {
                Context.Logger.NoCampaign(Context.State.LocalId, why);
                _saidWhyNot = why;
            }

            Wait();
            return null;
        }

        Context.Meter.HeartbeatTimeout?.Add(1);
        return new RoleChange(RaftState.Candidate, "no leader was heard in time");
    }

    protected override bool OnApplies()
    {
        RefuseApplies();
        return false;
    }

    protected override void OnRequest(LoopRequest request)
    {
        if (request is BootstrapRequest bootstrap)
        {
            Bootstrap(bootstrap);
        }
        else if (request is RejoinRequest rejoin)
        {
            Rejoin(rejoin);
        }
        else
        {
            Tell(request.Fail(Context.NotLeader()));
        }
    }

    // Counted from when the leader was last heard: it may be due at once.
    protected override void OnReload(RaftConfig before)
    {
        if (Context.Config.HeartbeatTimeout != before.HeartbeatTimeout)
        {
            _patience = Context.Random.Jitter(Context.Config.HeartbeatTimeout);
        }
    }

    private void Wait()
    {
        _since = Context.Clock.Now;
        _patience = Context.Random.Jitter(Context.Config.HeartbeatTimeout) * (1 << Math.Min(Context.State.VainCampaigns, VainDoublingsMax));
    }

    /// <summary>The leader's process has ended: campaigns, as soon as no promise stands against it.</summary>
    private RoleChange? TryFailOver()
    {
        // Read first: a promise that ends meanwhile is none that is waited for.
        TimeSpan? promiseEnd = Context.Gate.Promise.EndAt(Context.Clock.Now);
        if (WhyNotCampaign(isFailover: true) is null)
        {
            TimeSpan until = ElectionAt < _loss.Until ? ElectionAt : _loss.Until;
            return new RoleChange(RaftState.Candidate, "the leader's process has ended") { Failover = new Failover(_loss.Gone, until) };
        }

        _loss.Postpone(promiseEnd);
        return null;
    }

    private string? WhyNotCampaign(bool isFailover = false)
    {
        if (Context.State.Configurations.LatestIndex == 0)
        {
            return "no cluster is known: bootstrap this server, or add it to a running cluster";
        }

        if (Context.State.HoldPromise() is not null)
        {
            return "it has promised its leader not to yet";
        }

        if (Context.State.LacksLostLog)
        {
            return "it lost its disk and has not got its log back up to the entry that removed it";
        }

        if (!Context.State.MayCampaign && Context.Mutation != Mutation.NonvoterCampaigns
            && !(isFailover && Context.Mutation == Mutation.FailoverOfNonvoter))
        {
            return "it has no vote in the configuration in force";
        }

        return Context.IsDiskStalled ? "its disk does not answer" : null;
    }

    private void Rejoin(RejoinRequest request)
    {
        if (!(Context.State.IsBlank || Context.State.AwaitsLostLog) || Context.State.Leader.IsKnown
            || _bootstrap is not null || _rejoin is not null)
        {
            Tell(request.Fail(new CannotRejoinException(
                "This server has a log or hears a leader: it lost no disk, or was let into a cluster before it was told so. "
                + "In the latter case stop it, empty its data directory, remove it from the cluster once more, and let it rejoin "
                + "with the entry of that removal before any other server reaches it.")));
            return;
        }

        if (Context.State.IsAbove(request.Point))
        {
            Tell(request.Fail(CannotRejoinException.Older()));
            return;
        }

        _rejoin = request;
        Context.State.Rejoin(request.Point);
        Context.Logger.Rejoining(Context.State.LocalId, request.Point.Index, request.Point.Term);
        Wait();
    }

    private void Bootstrap(BootstrapRequest request)
    {
        if (!Context.State.IsBlank || Context.State.Leader.IsKnown || _bootstrap is not null)
        {
            Tell(request.Fail(new CannotBootstrapException(
                "This server already has a term, a log or a leader. Only the first start of a new cluster is bootstrapped.")));
            return;
        }

        if (!request.Configuration.IsVoter(Context.State.LocalId))
        {
            Tell(request.Fail(new NotVoterException(
                $"{Context.State.LocalId} is no voter of the configuration {request.Configuration}.")));
            return;
        }

        if (Context.State.Term == 0)
        {
            Context.State.AdoptTerm(1);
        }

        _bootstrap = request;
        Context.State.Append(new LogSlice(LogBatchBuilder.Single(
            index: 1, term: 1, LogType.Configuration, ConfigurationEncoding.Encode(request.Configuration),
            LogTimestamp.Zero)));
        Wait();
    }
}
