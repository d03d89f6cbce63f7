namespace Raft.Simulation.Disk;

/// <summary>How the disks of a run behave. Drawn once per seed.</summary>
internal sealed record DiskConditions
{
    private static readonly TimeSpan QuickSync = TimeSpan.FromMilliseconds(5);

    /// <summary>The most time for a read or a write into the page cache.</summary>
    public TimeSpan AccessMax { get; init; } = TimeSpan.FromMicroseconds(50);

    /// <summary>The least time for a sync.</summary>
    public TimeSpan SyncMin { get; init; } = TimeSpan.FromMicroseconds(50);

    /// <summary>The most time for a sync.</summary>
    public TimeSpan SyncMax { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>What is written whole or not at all when power fails, in bytes. Real sectors have 512 or more.</summary>
    public int AtomicBytes { get; init; } = 512;

    /// <summary>The same as a disk that is as quick as it should be.</summary>
    public DiskConditions WithoutFaults() => this with { SyncMax = SyncMax < QuickSync ? SyncMax : QuickSync };
}
