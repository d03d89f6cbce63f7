using Raft.Core;
using Raft.Mutations;
using Raft.Observability;
using Raft.Timing;

namespace Raft.Roles;

/// <summary>
/// Finds out that the leader's process has ended, sooner than silence would tell: all connections from it have ended, and its port
/// refuses a new one. Owned by its <see cref="FollowerRole"/>.
/// </summary>
/// <remarks>
/// Nothing that is safe depends on it: who gives up a leader that lives only stops protecting it from candidates, as after a silence,
/// and what it promised stands. A connection that ended and a probe that succeeds, or hangs, keep the leader: a link that flaps
/// deposes nobody. A probe that is refused counts only if the leader was not heard since its connections ended.
/// </remarks>
internal sealed class LeaderLoss(RoleContext context)
{
    /// <summary>What lies between the campaigns of two voters that know of it at once, so that they do not split the votes.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    /// <summary>A process that is being killed may close its connections before its port, and one packet may be lost: so often a probe is made again.</summary>
    private const int RepeatsMax = 4;

    private static readonly TimeSpan FirstRepeat = TimeSpan.FromMilliseconds(10);

    /// <summary>A transport ends a probe within a time of its own, by its contract. One that does not is not waited for.</summary>
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(5);

    private TaskGroup? _tasks;
    private int _repeats;
    private TimeSpan _probeAt = TimeSpan.MaxValue;
    private TimeSpan? _probedAt;
    private TaskCompletionSource<ConnectOutcome>? _answer;
    private TimeSpan _answerBy = TimeSpan.MaxValue;
    private ConnectOutcome? _outcome;
    private LeaderView _leader = LeaderView.None;
    private ulong _term;
    private TimeSpan? _heardAt;
    private long? _grantedBefore;

    /// <summary>When this server is to campaign since its leader is gone; the maximum where it is not.</summary>
    public TimeSpan CampaignAt { get; private set; } = TimeSpan.MaxValue;

    /// <summary>When there is something to do. While requests wait nothing is: whatever lets them be taken wakes the loop.</summary>
    public TimeSpan Deadline => !IsDrained ? TimeSpan.MaxValue : Earliest(_probeAt, Earliest(_answerBy, CampaignAt));

    /// <summary>Whether every request that came was taken: one of them may be the leader's.</summary>
    public bool IsDrained => context.Inbox.IsDrained && !context.Dispatcher.HoldsSnapshot;

    /// <summary>A time to wait behind a number of other voters.</summary>
    public static TimeSpan Delay(int others, NodeRandom random) =>
        (Step * others) + TimeSpan.FromTicks((long)random.Below((ulong)Step.Ticks + 1));

    /// <summary>Takes the news there are. Once in each turn, after the requests that came.</summary>
    public void Look()
    {
        if (CampaignAt != TimeSpan.MaxValue && (context.State.Leader.IsKnown || context.State.Term != _term))
        {
            CampaignAt = TimeSpan.MaxValue;
        }

        GiveWay();
        GiveUpProbe();
        if (!IsUnheard)
        {
            _probeAt = TimeSpan.MaxValue;
        }

        // What came over its connections comes before their end: an append that is handled later would make it the leader again.
        if (!IsDrained)
        {
            return;
        }

        if (_outcome is { } outcome)
        {
            _outcome = null;
            Conclude(outcome);
        }

        if (_answer is null && context.Inbox.TakeDisconnected() is { } gone && context.Config.FailoverOnDisconnect
            && gone.Server == context.State.Leader.Id)
        {
            _repeats = 0;
            _leader = context.State.Leader;
            _term = context.State.Term;
            _heardAt = context.Gate.LastContact;

            // Whoever ends connections in the leader's name again and again has us connect no more often than this.
            _probeAt = _probedAt is { } last ? last + FirstRepeat : context.Clock.Now;
        }

        if (_answer is null && context.Clock.Now >= _probeAt)
        {
            Probe();
        }
    }

    /// <summary>
    /// An election that followed was lost, mostly since two that found the leader gone campaigned at once: once more, unless the others
    /// are heard of, and in good time before the election timer that ran when the leader was lost.
    /// </summary>
    /// <param name="failover">What that election was for, and when the timer would fire.</param>
    public void TryAgain(Failover failover)
    {
        _term = context.State.Term;
        Gone = failover.Gone;
        TimeSpan at = context.Clock.Now + (Rank() * 2);
        if (at < failover.Until)
        {
            Until = failover.Until;
            Arm(at);
        }
    }

    /// <summary>The leader that was given up last.</summary>
    public ServerId Gone { get; private set; }

    /// <summary>Until when a campaign may go on; the maximum where no earlier one says so.</summary>
    public TimeSpan Until { get; private set; } = TimeSpan.MaxValue;

    /// <summary>It may not campaign now: waits until a promise has ended, or leaves it to the election timer.</summary>
    /// <param name="promiseEnd">When the promise ends; null where it is not for a promise.</param>
    public void Postpone(TimeSpan? promiseEnd) =>
        CampaignAt = promiseEnd is { } end ? end + Rank() : TimeSpan.MaxValue;

    /// <summary>The role ends.</summary>
    public void Stop() => _tasks?.Stop();

    private void Probe()
    {
        _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _probeAt = TimeSpan.MaxValue;
        _probedAt = context.Clock.Now;
        _answerBy = context.Clock.Now + ProbePatience;
        _tasks ??= context.NewTasks();

        // Where others dial it need not be what it calls itself.
        ServerAddress dialled = context.State.Configuration.Servers.FirstOrDefault(s => s.Id == _leader.Id)?.Address ?? _leader.Address;
        _tasks.Start($"probe of {_leader.Id}", () => ProbeAsync(_answer, _leader.Id, dialled, _leader.Address));
    }

    private async Task ProbeAsync(TaskCompletionSource<ConnectOutcome> answer, ServerId id, ServerAddress dialled, ServerAddress own)
    {
        // Of another's transport nobody knows whether it ends when it is told to: this does, and so the node can stop.
        using CancellationTokenRegistration stopping = _tasks!.Stopping.Register(() => answer.TrySetResult(ConnectOutcome.Unknown));
        _ = DialAsync(answer, id, dialled, own);
        _outcome = await answer.Task;
        _answer = null;
        _answerBy = TimeSpan.MaxValue;
        context.Inbox.Wake.Set();
    }

    private async Task DialAsync(TaskCompletionSource<ConnectOutcome> answer, ServerId id, ServerAddress dialled, ServerAddress own)
    {
        var outcome = ConnectOutcome.Unknown;
        try
        {
            outcome = await context.Transport.ProbeAsync(new Server(id, dialled), _tasks!.Stopping);
            if (outcome == ConnectOutcome.Refused && own != dialled)
            {
                outcome = await context.Transport.ProbeAsync(new Server(id, own), _tasks.Stopping);
            }
        }
        catch (RaftFatalException fatal)
        {
            answer.TrySetException(fatal);
        }
        catch (Exception)
        {
            // Another's transport: whatever it throws tells nothing of the leader.
        }

        answer.TrySetResult(outcome);
    }

    /// <summary>A probe that does not end tells nothing. It is not made again: it may hold what it took.</summary>
    private void GiveUpProbe()
    {
        if (context.Clock.Now >= _answerBy)
        {
            _answerBy = TimeSpan.MaxValue;
            _repeats = RepeatsMax;
            _answer?.TrySetResult(ConnectOutcome.Unknown);
        }
    }

    private static TimeSpan Earliest(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private void Arm(TimeSpan at)
    {
        CampaignAt = at;
        _grantedBefore = context.Dispatcher.PreVotesGranted;
    }

    /// <summary>Another that asked first goes first, once: campaigning beside it, the two would split the votes.</summary>
    private void GiveWay()
    {
        if (CampaignAt != TimeSpan.MaxValue && _grantedBefore is { } before && context.Dispatcher.PreVotesGranted > before)
        {
            _grantedBefore = null;
            TimeSpan at = context.Clock.Now + Delay(context.State.Configuration.VoterCount, context.Random);
            CampaignAt = at > CampaignAt ? at : CampaignAt;
        }
    }

    /// <summary>Whether the leader is the one whose connections ended, and was not heard since.</summary>
    private bool IsUnheard => context.State.Leader == _leader && context.State.Term == _term && context.Gate.LastContact == _heardAt;

    private void Conclude(ConnectOutcome outcome)
    {
        if (!IsUnheard)
        {
            return;
        }

        if (outcome != ConnectOutcome.Refused && context.Mutation != Mutation.FailoverUnrefused)
        {
            context.Trace?.LeaderKept(_leader.Id, _term, outcome);
            if (_repeats < RepeatsMax)
            {
                _probeAt = context.Clock.Now + (FirstRepeat * (1 << _repeats++));
            }

            return;
        }

        context.Logger.LeaderGone(context.State.LocalId, _leader.Id, _term);
        context.Meter.LeaderGone?.Add(1);
        context.Trace?.LeaderGone(_leader.Id, _term);
        if (context.Mutation == Mutation.FailoverEndsPromise)
        {
            context.Gate.Promise.End();
        }

        context.State.SetLeader(LeaderView.None);
        Gone = _leader.Id;
        Until = TimeSpan.MaxValue;
        Arm(context.Clock.Now + Rank());
    }

    /// <summary>How long it waits for those that come before it: the voters that are left, in the configuration's order.</summary>
    private TimeSpan Rank() => Delay(
        context.State.Configuration.Servers
            .TakeWhile(s => s.Id != context.State.LocalId).Count(s => s.IsVoter && s.Id != Gone),
        context.Random);
}
