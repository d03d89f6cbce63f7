namespace Raft.Simulation.Network;

/// <summary>How good the network of a run is while faults are on. Drawn once per seed.</summary>
internal sealed record NetworkConditions
{
    /// <summary>The least time for one way.</summary>
    public TimeSpan DelayMin { get; init; } = TimeSpan.FromMicroseconds(100);

    /// <summary>The most time for one way, of messages that are not held up.</summary>
    public TimeSpan DelayMax { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>The share of messages that are held up.</summary>
    public double StragglerShare { get; init; }

    /// <summary>The most time for one way of a message that is held up.</summary>
    public TimeSpan StragglerDelayMax { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The share of calls of which a message is lost; they end with the caller's timeout.</summary>
    public double DropShare { get; init; }

    /// <summary>The share of requests that arrive a second time, later.</summary>
    public double DuplicateShare { get; init; }

    /// <summary>
    /// The share of appends that are overtaken by one with fewer entries, as a leader of another make may send it:
    /// it is free to probe before it sends.
    /// </summary>
    public double ProbeShare { get; init; }

    /// <summary>The share of sends with which a pipeline's connection ends or hangs.</summary>
    public double BreakShare { get; init; }

    /// <summary>The share of breaks after which the receiver finds all connections of the sender, who lives, to have ended.</summary>
    public double EndSeenShare { get; init; } = 0.5;

    /// <summary>The share of probes of a process that lives which are refused all the same: by a firewall, or a full backlog.</summary>
    public double FalseRefusalShare { get; init; }

    /// <summary>The share of probes that hang, beside those whose messages are lost.</summary>
    public double ProbeHangShare { get; init; }

    /// <summary>How long a probe that hangs is waited for.</summary>
    public TimeSpan ProbePatience { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The most time that passes between two pieces of a snapshot.</summary>
    public TimeSpan PieceTimeMax { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>How long a caller waits for an answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The same delays and timeouts without any fault.</summary>
    public NetworkConditions WithoutFaults() => this with
    {
        StragglerShare = 0,
        DropShare = 0,
        DuplicateShare = 0,
        BreakShare = 0,
        ProbeShare = 0,
        FalseRefusalShare = 0,
        ProbeHangShare = 0,
    };
}
