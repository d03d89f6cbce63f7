using Raft.Replication;

namespace Raft.Roles;

/// <summary>
/// Looks for a voter that should rather lead than this server (<see cref="RaftConfig.LeaderPriorities"/>): of higher priority, that
/// has answered without a gap for a while and holds everything that is committed. Votes are as ever; who should lead is handed
/// the leadership. Owned by the leader role.
/// </summary>
internal sealed class LeaderPreference(RoleContext context, PeerSet peers)
{
    /// <summary>So many election timeouts a leader leads, and a voter answers without a gap, before the one hands over to the other.</summary>
    private const int SteadyTimeouts = 3;

    /// <summary>After a try that came to nothing it waits twice as long as before, up to so many times as long.</summary>
    private const int PatienceMax = 64;

    private TimeSpan _due = context.Clock.Now + (context.Config.ElectionTimeout * SteadyTimeouts);
    private int _patience = 1;

    /// <summary>When <see cref="Look"/> must be called at the latest.</summary>
    public TimeSpan Deadline => context.Config.LeaderPriorities.IsEmpty ? TimeSpan.MaxValue : _due;

    private TimeSpan Steady => context.Config.ElectionTimeout * SteadyTimeouts;

    /// <summary>Looks, if it is time to.</summary>
    /// <returns>Who should lead; null for this server. A try that is not successful is made again later and later.</returns>
    public Peer? Look(TimeSpan now)
    {
        // Apart, so that a look that is not due makes no closure.
        return now < Deadline ? null : Prefer(now);
    }

    private Peer? Prefer(TimeSpan now)
    {
        _due = now + context.Config.HeartbeatTimeout;
        int own = PriorityOf(context.State.LocalId);
        Peer? preferred = peers.Members
            .Where(p => p.Server.IsVoter && PriorityOf(p.Server.Id) > own && p.AnswersSince is { } since && now - since >= Steady
                && p.Progress.MatchIndex >= context.State.CommitIndex)
            .MaxBy(p => PriorityOf(p.Server.Id));
        if (preferred is not null)
        {
            _due = now + (Steady * _patience);
            _patience = Math.Min(_patience * 2, PatienceMax);
        }

        return preferred;
    }

    private int PriorityOf(ServerId id) => context.Config.LeaderPriorities.GetValueOrDefault(id);
}
