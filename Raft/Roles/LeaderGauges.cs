using Raft.Observability;
using Raft.Replication;

namespace Raft.Roles;

/// <summary>
/// What a leader measures from time to time: how long ago its voters answered, and how old its log is. Wakes the loop for
/// that only while somebody listens. Owned by the leader role.
/// </summary>
internal sealed class LeaderGauges(RoleContext context, Leadership leadership, PeerSet peers)
{
    private readonly LeaderMeter _meter = context.Meter.Leading;
    private TimeSpan _contactDue = context.Clock.Now + context.Config.LeaderLeaseTimeout;
    private TimeSpan _ageDue = context.Clock.Now + LeaderMeter.AgeInterval;

    /// <summary>When <see cref="Look"/> must be called at the latest.</summary>
    public TimeSpan Deadline
    {
        get
        {
            TimeSpan contact = _meter.LastContact.IsOn ? _contactDue : TimeSpan.MaxValue;
            TimeSpan age = IsAgeOn ? _ageDue : TimeSpan.MaxValue;
            return contact < age ? contact : age;
        }
    }

    private bool IsAgeOn => _meter.OldestLogAge is { Enabled: true };

    /// <summary>Measures what is due.</summary>
    public void Look(TimeSpan now)
    {
        if (_meter.LastContact.IsOn && now >= _contactDue)
        {
            _contactDue = now + context.Config.LeaderLeaseTimeout;
            foreach (Peer voter in peers.Members.Where(static peer => peer.Server.IsVoter))
            {
                _meter.LastContact.Took(now - (voter.LastAnswerAt ?? voter.BeganAt));
            }
        }

        if (IsAgeOn && now >= _ageDue)
        {
            _ageDue = now + LeaderMeter.AgeInterval;
            leadership.Tasks.Start("the log's age", MeasureAgeAsync);
        }
    }

    private async Task MeasureAgeAsync()
    {
        LogTimestamp? stamp = await context.State.Log.ReadOldestStampAsync();
        TimeSpan age = stamp is { } at ? context.Clock.UtcNow - at.ToDateTimeOffset() : TimeSpan.Zero;

        // An earlier leader's wall clock may have been ahead of ours.
        _meter.OldestLogAge?.Record(Math.Max(0, age.TotalMilliseconds));
    }
}
