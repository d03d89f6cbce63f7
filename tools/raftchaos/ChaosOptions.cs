namespace Raftchaos;

/// <summary>What a run of faults is to be like.</summary>
internal sealed record ChaosOptions
{
    /// <summary>Where the nodes keep their data; deleted after a run that found nothing.</summary>
    public required string Directory { get; init; }

    /// <summary>How many nodes.</summary>
    public int Nodes { get; init; } = 5;

    /// <summary>What all that is drawn is drawn from. What processes make of it differs from run to run.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Operations a second that clients try, four fifths of them writes.</summary>
    public int Rate { get; init; } = 1500;

    /// <summary>How many clients there are.</summary>
    public int Clients { get; init; } = 48;

    /// <summary>The first of the ports in use: three for each node.</summary>
    public required int PortBase { get; init; }

    /// <summary>Whether the nodes reach each other through proxies. A dead node's port then refuses nobody.</summary>
    public bool HasProxies { get; init; }

    /// <summary>Whether figures that are worse than what is promised fail the run; on a machine with other work they say little.</summary>
    public bool JudgesTimes { get; init; } = true;

    /// <summary>Options for each node.</summary>
    public IReadOnlyList<string> NodeOptions { get; init; } = [];

    /// <summary>The election timeout that the nodes were given, for the limit that writes come back within.</summary>
    public TimeSpan ElectionTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Where progress is told.</summary>
    public TextWriter Log { get; init; } = TextWriter.Null;
}
