namespace Raft.Simulation.Disk;

/// <summary>The faults of one disk that are on now.</summary>
internal sealed class DiskFaults
{
    /// <summary>Every write and sync from now on fails (EIO).</summary>
    public bool FailsWrites { get; set; }

    /// <summary>Every sync from now on fails, and its pages are dropped (EIO).</summary>
    public bool FailsSyncs { get; set; }

    /// <summary>Every write that needs room fails (ENOSPC).</summary>
    public bool IsFull { get; set; }

    /// <summary>Whether operations fail now.</summary>
    public bool IsOn => FailsWrites || FailsSyncs || IsFull;

    /// <summary>Nothing fails any more.</summary>
    public void Clear()
    {
        FailsWrites = false;
        FailsSyncs = false;
        IsFull = false;
    }
}
