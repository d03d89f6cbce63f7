namespace Raft.Core;

/// <summary>
/// What voters have acknowledged this leader in its term: up to when (the time a request was sent, not when its answer
/// came), and up to which question of <c>VerifyLeader</c> or a read. Pure; owned by the leader role.
/// </summary>
/// <remarks>Only voters count, and only requests sent after a question (W4, W5 in docs/divergence.md).</remarks>
internal sealed class QuorumContact
{
    private const int StackMax = 16;

    private readonly ServerId _self;
    private readonly List<Contact> _voters = [];

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
