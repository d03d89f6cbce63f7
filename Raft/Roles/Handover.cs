using Raft.Observability;
using Raft.Replication;

namespace Raft.Roles;

/// <summary>
/// A leadership being handed over (thesis 3.10): no commands are taken, the target catches up, and is told to campaign.
/// It is state of the leader role, and ends with it, or at its deadline (hashicorp/raft 696).
/// </summary>
internal sealed class Handover
{
    private readonly RoleContext _context;
    private readonly Leadership _leadership;
    private readonly TransferRequest? _request;
    private Exception? _failure;
    private bool _isTold;

    /// <summary>Begins.</summary>
    /// <param name="context">What it works with.</param>
    /// <param name="leadership">The leadership.</param>
    /// <param name="target">Who is to lead.</param>
    /// <param name="request">Who asked for it; null where the leader itself leaves.</param>
    public Handover(RoleContext context, Leadership leadership, Peer target, TransferRequest? request)
    {
        _context = context;
        _leadership = leadership;
        Target = target;
        _request = request;
        Deadline = context.Clock.Now + context.Config.ElectionTimeout;
        context.Logger.HandingOver(context.State.LocalId, leadership.Term, target.Server.Id);
        context.Trace?.Transfer(target.Server.Id, isOver: false);
        target.WakeReplicator();
        leadership.IsLeaseOver |= !target.IsOurs;
    }

    /// <summary>Who is to lead.</summary>
    public Peer Target { get; }

    /// <summary>When it is given up.</summary>
    public TimeSpan Deadline { get; }

    /// <summary>When <see cref="Advance"/> must be called at the latest.</summary>
    public TimeSpan DueAt => !_isTold && !MayBeElected && _leadership.LeaseAskedUntil < Deadline ? _leadership.LeaseAskedUntil : Deadline;

    /// <summary>The voter that is best prepared: it answers, and holds most of the log (W27 in docs/divergence.md).</summary>
    public static Peer? BestOf(IReadOnlyList<Peer> peers, TimeSpan now, TimeSpan patience) => peers
        .Where(p => p.Server.IsVoter && p.LastAnswerAt is { } at && now - at < patience)
        .MaxBy(static p => p.Progress.MatchIndex);

    /// <summary>Does what is due.</summary>
    /// <returns>Whether it goes on; not after it failed, or its time was up.</returns>
    public bool Advance()
    {
        if (_failure is null && _context.Clock.Now >= Deadline)
        {
            _failure = new LeadershipTransferException(
                $"{Target.Server.Id} did not take over within {_context.Config.ElectionTimeout}"
                + (_isTold ? " although it was told to." : ": it did not catch up."));
        }

        _leadership.IsLeaseOver |= !Target.IsOurs;
        if (_failure is null && !_isTold && Target.Progress.MatchIndex >= _context.State.Log.LastIndex && MayBeElected)
        {
            _isTold = true;

            // For the rest of the term: others may lead from here on, whatever they have promised.
            _leadership.IsLeaseOver = true;
            if (!Target.IsOurs)
            {
                Target.LeaveAlone(Deadline);
            }

            ulong term = Target.IsOurs ? _leadership.Term : 0;
            _leadership.Tasks.Start($"handing over to {Target.Server.Id}", () => TellAsync(term));
        }

        if (_failure is null)
        {
            return true;
        }

        End(_failure);
        return false;
    }

    /// <summary>The leadership is over: by the newer term that was to come, or otherwise.</summary>
    public void End(RoleChange change)
    {
        bool isHandedOver = _isTold && change.Term > _leadership.Term;
        End(isHandedOver ? null : new LeadershipTransferException(
            $"{_context.State.LocalId} ended its leadership before {Target.Server.Id} "
            + $"{(_isTold ? "took over, although it was told to" : "was told to take over")}: {change.Reason}."));
    }

    private void End(Exception? failure)
    {
        _context.Trace?.Transfer(Target.Server.Id, isOver: true);
        if (failure is not null)
        {
            _context.Logger.NotHandedOver(_context.State.LocalId, Target.Server.Id, failure.Message);
        }

        if (_request is not null)
        {
            _context.Completions.Add(
                failure is null ? _request.Future.Succeed(Target.Server.Id) : _request.Future.Fail(failure));
        }
    }

    /// <summary>
    /// Whether voters give it their vote. Who is of another library cannot tell them that this leader releases them: their promises
    /// must have ended.
    /// </summary>
    private bool MayBeElected => Target.IsOurs || _context.Clock.Now >= _leadership.LeaseAskedUntil;

    private async Task TellAsync(ulong term)
    {
        var request = new TimeoutNowRequest(_context.State.Header) { Term = term };
        try
        {
            await _leadership.Transport.TimeoutNowAsync(
                Target.Server, request, _leadership.Tasks.Stopping);
        }
        catch (Exception failure) when (failure is not RaftFatalException)
        {
            // It may have arrived all the same: only the deadline tells, unless the other side answered that it will not.
            if (Target.QuietUntil == Deadline)
            {
                Target.LeaveAlone(until: default);
            }

            if (failure is RemoteRpcException)
            {
                _failure ??= new LeadershipTransferException($"{Target.Server.Id} does not take over: {failure.Message}", failure);
                _context.Inbox.Wake.Set();
            }
        }
    }
}
