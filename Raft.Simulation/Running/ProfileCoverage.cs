namespace Raft.Simulation.Running;

/// <summary>What the seeds of one profile had.</summary>
internal sealed class ProfileCoverage
{
    private readonly Coverage _seen = new();

    /// <summary>How many seeds.</summary>
    public int Seeds { get; private set; }

    /// <summary>In how many of them something happened.</summary>
    public long this[Happening what] => _seen[what];

    /// <summary>Adds a seed.</summary>
    public void Add(Coverage coverage)
    {
        Seeds++;
        _seen.AddSeen(coverage);
    }
}
