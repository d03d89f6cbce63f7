namespace Raft.Simulation;

/// <summary>How often each <see cref="Happening"/> was seen.</summary>
internal sealed class Coverage
{
    private readonly long[] _counts = new long[Enum.GetValues<Happening>().Length];

    /// <summary>How often something was seen.</summary>
    public long this[Happening what] => _counts[(int)what];

    /// <summary>It was seen once more.</summary>
    public void Hit(Happening what) => _counts[(int)what]++;

    /// <summary>Adds what another has seen.</summary>
    public void Add(Coverage other)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }
    }

    /// <summary>Adds one for everything that another has seen at all.</summary>
    public void AddSeen(Coverage other)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i] > 0 ? 1 : 0;
        }
    }
}
