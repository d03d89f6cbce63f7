namespace Raft.Core;

/// <summary>
/// What voters have acknowledged this leader in its term: up to when (the time a request was sent, not when its answer
/// came), and up to which question of <c>VerifyLeader</c> or a read. Pure; owned by the leader role.
/// </summary>
/// <remarks>Only voters count, and only requests sent after a question (W4, W5 in docs/divergence.md).</remarks>
internal sealed class QuorumContact
{
    private const int StackMax = 16;

    /// <summary>A look that comes later than by this shows that this server itself stood still; a timer alone is late by less.</summary>
    private static readonly TimeSpan Standstill = TimeSpan.FromMilliseconds(30);

    private readonly ServerId _self;
    private readonly List<Contact> _voters = [];

    // When it was found to have stood still, the last time.
    private TimeSpan _wokeAt = TimeSpan.MinValue;

    /// <summary>Begins to count; every voter is taken to have been in contact at the start of the leadership.</summary>
    public QuorumContact(ClusterConfiguration configuration, ServerId self, TimeSpan now)
    {
        _self = self;
        SetConfiguration(configuration, now);
    }

    /// <summary>Counts by another configuration; new voters are taken to be in contact now.</summary>
    public void SetConfiguration(ClusterConfiguration configuration, TimeSpan now)
    {
        var known = new List<Contact>(_voters);
        _voters.Clear();
        foreach (Server server in configuration.Servers)
        {
            if (server.IsVoter)
            {
                int at = known.FindIndex(c => c.Id == server.Id);
                _voters.Add(at >= 0 ? known[at] : new Contact(server.Id, now, Round: 0));
            }
        }
    }

    /// <summary>Notes that a server accepted a request of this term.</summary>
    /// <param name="id">The server.</param>
    /// <param name="sentAt">When the request was sent.</param>
    /// <param name="round">The newest question asked before it was sent.</param>
    public void Acknowledge(ServerId id, TimeSpan sentAt, ulong round)
    {
        for (int i = 0; i < _voters.Count; i++)
        {
            Contact known = _voters[i];
            if (known.Id == id)
            {
                _voters[i] = new Contact(
                    id, sentAt > known.SentAt ? sentAt : known.SentAt, Math.Max(round, known.Round));
            }
        }
    }

    /// <summary>The latest time at which a quorum still accepted this leader.</summary>
    public TimeSpan QuorumSentAt(TimeSpan now)
    {
        Span<TimeSpan> times = _voters.Count <= StackMax ? stackalloc TimeSpan[StackMax] : new TimeSpan[_voters.Count];
        times = times[.._voters.Count];
        for (int i = 0; i < times.Length; i++)
        {
            times[i] = _voters[i].Id == _self ? now : _voters[i].SentAt;
        }

        times.Sort();
        return times.IsEmpty ? TimeSpan.Zero : times[(times.Length - 1) / 2];
    }

    /// <summary>When a leader is to look whether it has lost its quorum.</summary>
    /// <param name="now">The present time.</param>
    /// <param name="lease">For how long it leads on without hearing of a quorum.</param>
    public TimeSpan LookAt(TimeSpan now, TimeSpan lease)
    {
        TimeSpan heard = QuorumSentAt(now);
        return (heard > _wokeAt ? heard : _wokeAt) + lease;
    }

    /// <summary>
    /// Whether it has lost it. A leader that looks much too late has itself stood still (a pause of the process or the machine), and
    /// could not have heard anybody: it has one more lease to hear of a quorum, and none after that until one has answered what it asked since.
    /// </summary>
    /// <param name="now">The present time.</param>
    /// <param name="lease">For how long it leads on without hearing of a quorum.</param>
    public bool IsLost(TimeSpan now, TimeSpan lease)
    {
        TimeSpan late = now - LookAt(now, lease);
        if (late >= Standstill && QuorumSentAt(now) > _wokeAt)
        {
            _wokeAt = now;
            return false;
        }

        return late >= TimeSpan.Zero;
    }

    /// <summary>The newest question that a quorum has answered.</summary>
    /// <param name="lastRound">The newest question asked, which this server itself answers at once.</param>
    public ulong QuorumRound(ulong lastRound)
    {
        Span<ulong> rounds = _voters.Count <= StackMax ? stackalloc ulong[StackMax] : new ulong[_voters.Count];
        rounds = rounds[.._voters.Count];
        for (int i = 0; i < rounds.Length; i++)
        {
            rounds[i] = _voters[i].Id == _self ? lastRound : _voters[i].Round;
        }

        rounds.Sort();
        return rounds.IsEmpty ? 0 : rounds[(rounds.Length - 1) / 2];
    }

    private readonly record struct Contact(ServerId Id, TimeSpan SentAt, ulong Round);
}
