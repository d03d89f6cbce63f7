using Raft.Mutations;

namespace Raft.Core;

/// <summary>
/// Until when a leader may answer reads without asking: as long as a majority has promised to elect nobody else. Counted from when
/// it asked, and shorter than what was promised by as much as clocks may drift apart. Pure; owned by the leader role.
/// </summary>
/// <remarks>
/// Whoever else is to lead needs the vote of a majority, and one of those servers has promised; this server itself votes for nobody
/// while it leads. Servers that promise nothing (Go) do not count.
/// </remarks>
internal sealed class LeaderLease
{
    private const double MutationFactor = 4;
    private const int StackMax = 16;

    private readonly ServerId _self;
    private readonly double _drift;
    private readonly Mutation _mutation;
    private readonly List<(ServerId Id, TimeSpan Until)> _voters = [];

    /// <summary>Begins without a promise.</summary>
    /// <param name="configuration">The configuration in force.</param>
    /// <param name="self">The leader.</param>
    /// <param name="drift">How much faster another clock may run, as a share.</param>
    /// <param name="mutation">The bug planted here; none in production.</param>
    public LeaderLease(ClusterConfiguration configuration, ServerId self, double drift, Mutation mutation)
    {
        _self = self;
        _drift = drift;
        _mutation = mutation;
        SetConfiguration(configuration);
    }

    /// <summary>Until when a majority has promised; zero where none has, the maximum where this server is a majority.</summary>
    public TimeSpan End { get; private set; }

    /// <summary>Counts by another configuration. A server that comes has promised nothing, whatever one of its name did before.</summary>
    public void SetConfiguration(ClusterConfiguration configuration)
    {
        List<(ServerId Id, TimeSpan Until)> known = [.. _voters];
        _voters.Clear();
        foreach (Server server in configuration.Servers)
        {
            if (server.IsVoter)
            {
                _voters.Add((server.Id, known.Find(v => v.Id == server.Id).Until));
            }
        }

        Count();
    }

    /// <summary>A server has promised.</summary>
    /// <param name="id">The server.</param>
    /// <param name="sentAt">When it was asked.</param>
    /// <param name="promise">For how long, by its clock; zero from a server that promises nothing.</param>
    /// <param name="now">When its answer came.</param>
    public void Promised(ServerId id, TimeSpan sentAt, TimeSpan promise, TimeSpan now)
    {
        int at = promise > TimeSpan.Zero ? Find(id) : -1;
        if (at < 0)
        {
            return;
        }

        TimeSpan lease = promise / (1 + _drift);
        TimeSpan until = _mutation switch
        {
            Mutation.LeaseTooLong => sentAt + (lease * MutationFactor),
            Mutation.LeaseFromReceipt => now + lease,
            _ => sentAt + lease,
        };
        if (until > _voters[at].Until)
        {
            _voters[at] = (id, until);
            Count();
        }
    }

    /// <summary>The latest time up to which a majority has promised.</summary>
    private void Count()
    {
        Span<TimeSpan> ends = _voters.Count <= StackMax ? stackalloc TimeSpan[StackMax] : new TimeSpan[_voters.Count];
        ends = ends[.._voters.Count];
        for (int i = 0; i < ends.Length; i++)
        {
            ends[i] = _voters[i].Id == _self ? TimeSpan.MaxValue : _voters[i].Until;
        }

        ends.Sort();
        End = ends.IsEmpty ? TimeSpan.Zero : ends[(ends.Length - 1) / 2];
    }

    private int Find(ServerId id)
    {
        for (int i = 0; i < _voters.Count; i++)
        {
            if (_voters[i].Id == id)
            {
                return i;
            }
        }

        return -1;
    }
}
