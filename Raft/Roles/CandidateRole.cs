using Raft.Core;
using Raft.Mutations;
using Raft.Observability;
using Raft.Timing;

namespace Raft.Roles;

/// <summary>
/// Campaigns (runCandidate, §5.2): asks first whether it could win (thesis 9.6), then begins a new term. No request for
/// a vote leaves before the new term and the vote for itself are durable.
/// </summary>
/// <param name="context">What it works with.</param>
/// <param name="campaign">Counts this node's campaigns.</param>
/// <param name="isTransfer">Whether the leader hands over: then voters do not protect it, and need not be asked first.</param>
/// <param name="transferTerm">The term in which the leader said so: it releases voters from their promises. 0 where it named none.</param>
/// <param name="failover">Set where the leader's process has ended: those that refuse are asked again, as they may not know it yet.</param>
internal sealed class CandidateRole(
    RoleContext context, ulong campaign, bool isTransfer, ulong transferTerm, Failover? failover) : Role(context)
{
    private readonly TaskGroup _tasks = context.NewTasks();
    private VoteTally _tally = new(context.State.Configuration);
    private TimeSpan _deadline;
    private TimeSpan _askAgainAt = TimeSpan.MaxValue;
    private ulong _term;
    private bool _isPreVote;
    private bool _hasAsked;

    protected override TimeSpan Deadline => _askAgainAt < _deadline ? _askAgainAt : _deadline;

    protected override RoleChange? Enter()
    {
        Context.State.BecomeRole(RaftState.Candidate);
        Context.State.SetLeader(LeaderView.None);
        _deadline = failover?.Until ?? Context.Clock.Now + Context.Random.Jitter(Context.Config.ElectionTimeout);
        _term = Context.State.Term + 1;

        // A server that loses its vote by what stands in its log asks first in any case: mostly another is to lead, and
        // would be disturbed by newer terms each time. So does one that asks again and again.
        if (failover is null && ((Context.Config.PreVoteDisabled && Context.State.IsVoter) || isTransfer))
        {
            return BeginTerm();
        }

        _isPreVote = true;
        AskAgainLater();
        return AskAll();
    }

    protected override void Exit(RoleChange change)
    {
        _tasks.Stop();
    }

    protected override RoleChange? OnDurable() =>
        !_isPreVote && !_hasAsked && Context.State.IsRecordDurable ? AskAll() : null;

    protected override RoleChange? OnTimer(TimeSpan now)
    {
        if (Context.IsDiskStalled)
        {
            return new RoleChange(RaftState.Follower, "its disk does not answer");
        }

        if (now >= _askAgainAt && now < _deadline)
        {
            return AskAgain();
        }

        return now >= _deadline ? new RoleChange(RaftState.Candidate, "the election timed out") : null;
    }

    protected override RoleChange? OnEvents()
    {
        while (Context.Inbox.VoteEvents.TryDequeue(out VoteEvent news))
        {
            if (news.Campaign != campaign || news.IsPreVote != _isPreVote)
            {
                continue;
            }

            if (news.Term > _term)
            {
                return new RoleChange(RaftState.Follower, $"{news.Voter} is in term {news.Term}") { Term = news.Term };
            }

            _tally.Note(news.Voter, news.IsGranted);
            if (Settle() is { } change)
            {
                return change;
            }
        }

        return null;
    }

    protected override bool OnApplies()
    {
        RefuseApplies();
        return false;
    }

    protected override void OnRequest(LoopRequest request) => Tell(request.Fail(
        request is RejoinRequest ? new CannotRejoinException("This server has a log, and campaigns in its cluster.")
        : request is BootstrapRequest
            ? new CannotBootstrapException("This server is a member of a cluster already and campaigns in it.")
            : Context.NotLeader()));

    protected override void OnReload(RaftConfig before)
    {
        if (Context.Config.ElectionTimeout != before.ElectionTimeout && failover is null)
        {
            _deadline = Context.Clock.Now + Context.Random.Jitter(Context.Config.ElectionTimeout);
        }
    }

    private RoleChange? BeginTerm()
    {
        _isPreVote = false;
        _askAgainAt = TimeSpan.MaxValue;
        _hasAsked = false;
        Context.State.Campaign();
        Context.Answers.OnTermChanged();
        Context.Logger.BecameCandidate(Context.State.LocalId, _term);
        _tally = new VoteTally(Context.State.Configuration);
        _deadline = Context.Clock.Now + Context.Random.Jitter(Context.Config.ElectionTimeout);
        return Context.Mutation == Mutation.VoteRequestBeforeDurable ? AskAll() : null;
    }

    /// <summary>Votes for itself and asks the other voters. Of a real election only once the own vote is durable.</summary>
    private RoleChange? AskAll()
    {
        _hasAsked = true;
        foreach (Server voter in Context.State.Configuration.Servers)
        {
            if (voter.IsVoter && voter.Id != Context.State.LocalId)
            {
                Ask(voter);
            }
        }

        _tally.Note(Context.State.LocalId, granted: true);
        return Settle();
    }

    /// <summary>
    /// Asks all again that have answered, or were not reached: what was granted a while ago may not be granted now, and a majority must be of one
    /// mind at one time. Whoever has not answered yet may be far away, and is waited for.
    /// </summary>
    private RoleChange? AskAgain()
    {
        AskAgainLater();
        foreach (Server voter in Context.State.Configuration.Servers)
        {
            if (voter.Id != Context.State.LocalId && _tally.TakeBack(voter.Id))
            {
                Ask(voter);
            }
        }

        return null;
    }

    private void AskAgainLater() => _askAgainAt = failover is null
        ? TimeSpan.MaxValue
        : Context.Clock.Now + LeaderLoss.Delay(Context.State.Configuration.VoterCount, Context.Random);

    private void Ask(Server voter)
    {
        bool isPreVote = _isPreVote;
        _tasks.Start($"request for the vote of {voter.Id}", () => isPreVote ? AskPreVoteAsync(voter) : AskVoteAsync(voter));
    }

    private RoleChange? Settle() => _tally.Outcome switch
    {
        VoteOutcome.Won when _isPreVote => BeginTerm(),
        VoteOutcome.Lost when failover is not null && _isPreVote => null,
        VoteOutcome.Lost when failover is not null => new RoleChange(RaftState.Follower, "the votes were split") { Failover = failover },
        VoteOutcome.Won => new RoleChange(RaftState.Leader, "a majority voted for it"),
        VoteOutcome.Lost => new RoleChange(RaftState.Follower, "no majority is left to vote for it"),
        _ => null,
    };

    private async Task AskVoteAsync(Server voter)
    {
        var request = new RequestVoteRequest(Context.State.Header)
        {
            Term = _term,
            Candidate = Context.State.LocalAddress,
            LastLogIndex = Context.State.Log.LastIndex,
            LastLogTerm = Context.State.Log.LastTerm,
            LeadershipTransfer = isTransfer,
            TransferTerm = transferTerm,
        };
        TimeSpan? began = Context.Meter.ElectSelf.Begin();
        try
        {
            RequestVoteResponse answer = await Context.Transport.RequestVoteAsync(voter, request, _tasks.Stopping);
            Post(
                voter, isPreVote: false, answer.Term,
                answer.Granted && answer.Term == _term && answer.IsFrom(voter.Id));
        }
        catch (Exception failure) when (failure is not RaftFatalException)
        {
            Context.Logger.VoteRequestFailed(Context.State.LocalId, voter.Id, failure.Message);
            Post(voter, isPreVote: false, term: 0, isGranted: false);
        }
        finally
        {
            Context.Meter.ElectSelf.End(began);
        }
    }

    private async Task AskPreVoteAsync(Server voter)
    {
        var request = new RequestPreVoteRequest(Context.State.Header)
        {
            Term = _term,
            LastLogIndex = Context.State.Log.LastIndex,
            LastLogTerm = Context.State.Log.LastTerm,
        };
        TimeSpan? began = Context.Meter.PreElectSelf.Begin();
        try
        {
            (ulong term, bool isWilling) = await PreVoteCall.AskAsync(Context.Transport, voter, request, _tasks.Stopping);
            Post(voter, isPreVote: true, term, isWilling);
        }
        catch (Exception failure) when (failure is not RaftFatalException)
        {
            Context.Logger.VoteRequestFailed(Context.State.LocalId, voter.Id, failure.Message);
            Post(voter, isPreVote: true, term: 0, isGranted: false);
        }
        finally
        {
            Context.Meter.PreElectSelf.End(began);
        }
    }

    private void Post(Server voter, bool isPreVote, ulong term, bool isGranted) =>
        Context.Inbox.Post(new VoteEvent(campaign, isPreVote, voter.Id, term, isGranted));
}
