using Raft.Replication;

namespace Raft.Roles;

/// <summary>
/// Who leads next: transfers that are asked for, and the own leaving of a leader that the committed configuration gives no
/// vote. Owned by the leader role, and over with it.
/// </summary>
internal sealed class Succession(RoleContext context, Leadership leadership, PeerSet peers)
{
    private readonly TimeSpan _beganAt = context.Clock.Now;
    private Handover? _handover;
    private TransferRequest? _early;
    private bool _isLeaving;
    private string _whyLeaving = string.Empty;
    private bool _hasTriedToLeave;

    /// <summary>Whether the leadership is being handed over, so that nothing is appended.</summary>
    public bool IsUnderWay => _handover is not null || _isLeaving;

    /// <summary>When <see cref="Advance"/> must be called at the latest; null for no time of its own.</summary>
    public TimeSpan? Deadline => _handover?.DueAt
        ?? ((_early is not null || _isLeaving) && EarlyUntil > context.Clock.Now ? EarlyUntil : null);

    // Until then, a voter that has not answered this leader may only not have had the time to.
    private TimeSpan EarlyUntil => _beganAt + context.Config.ElectionTimeout;

    /// <summary>
    /// This leader must not go on leading: the committed configuration gives it no vote (thesis 4.2.2), or its node is to stop.
    /// </summary>
    /// <param name="why">Why.</param>
    public void Leave(string why)
    {
        if (!_isLeaving)
        {
            _isLeaving = true;
            _whyLeaving = why;
            context.Inbox.Wake.Set();
        }
    }

    /// <summary>A caller asks for a transfer.</summary>
    public void Ask(TransferRequest request)
    {
        if (IsUnderWay || _early is not null)
        {
            Fail(request, Refusal());
            return;
        }

        Peer? target = request.Target.IsEmpty ? Best() : peers.Find(request.Target);
        if (target is { Server.IsVoter: true })
        {
            _handover = new Handover(context, leadership, target, request);
            context.Inbox.Wake.Set();
        }
        else if (request.Target.IsEmpty && context.Clock.Now < EarlyUntil && context.State.Configuration.VoterCount > 1)
        {
            _early = request;
        }
        else
        {
            Fail(request, WhyNot(request.Target, target));
        }
    }

    /// <summary>A voter should rather lead.</summary>
    public void Prefer(Peer target)
    {
        if (!IsUnderWay && _early is null)
        {
            _handover = new Handover(context, leadership, target, request: null);
        }
    }

    /// <summary>Does what is due.</summary>
    /// <returns>The end of the role, once it has to leave.</returns>
    public RoleChange? Advance()
    {
        if (_early is { } early)
        {
            _early = null;
            Ask(early);
        }

        if (_handover is not null && !_handover.Advance())
        {
            _handover = null;
            context.Inbox.Wake.Set();
        }

        return _isLeaving && _handover is null ? HandOverAndLeave() : null;
    }

    /// <summary>The leadership is over.</summary>
    public void End(RoleChange change)
    {
        _handover?.End(change);
        if (_early is not null)
        {
            Fail(_early, new NotLeaderException(
                $"{context.State.LocalId} ended its leadership ({change.Reason}) before it could be handed over."));
        }
    }

    /// <summary>Why nothing is appended now.</summary>
    public LeadershipTransferInProgressException Refusal() => new(
        $"{context.State.LocalId} hands its leadership over{(_handover is null ? string.Empty : $" to {_handover.Target.Server.Id}")}. "
        + "Nothing was appended: try again soon.");

    /// <summary>Hands over to whoever is best prepared, once, and ends the leadership in any case.</summary>
    private RoleChange? HandOverAndLeave()
    {
        Peer? target = _hasTriedToLeave ? null : Best();
        if (target is not null)
        {
            _hasTriedToLeave = true;
            _handover = new Handover(context, leadership, target, request: null);
            context.Inbox.Wake.Set();
            return null;
        }

        bool mayAnswer = context.Clock.Now < EarlyUntil && peers.Members.Any(static p => p.Server.IsVoter);
        return !_hasTriedToLeave && mayAnswer ? null : new RoleChange(RaftState.Follower, _whyLeaving);
    }

    private Peer? Best() => Handover.BestOf(peers.Members, context.Clock.Now, context.Config.ElectionTimeout);

    private Exception WhyNot(ServerId wanted, Peer? target) =>
        wanted.IsEmpty ? new LeadershipTransferException("No voter answers that could take over.")
        : wanted == context.State.LocalId ? new ArgumentException($"{wanted} leads already.")
        : target is null ? new ArgumentException($"{wanted} is no member of {context.State.Configuration}.")
        : new ArgumentException($"{wanted} does not vote, so it cannot lead.");

    private void Fail(TransferRequest request, Exception why) => context.Completions.Add(request.Fail(why));
}
