using Raft.Simulation.Kernel;

namespace Raft.Simulation.Faults;

/// <summary>
/// What a seed drew to do to its cluster. Each seed leaves some kinds out and exaggerates others (swarm testing): with
/// the same even mixture every time, deep bugs are not reached.
/// </summary>
internal sealed record FaultPlan
{
    private const double KindShare = 0.6;

    private static readonly FaultKind[] Always =
    [
        FaultKind.Crash, FaultKind.PowerCutOfAll, FaultKind.Pause, FaultKind.Stop, FaultKind.Partition, FaultKind.SlowLink,
        FaultKind.BreakConnections,
    ];

    private static readonly FaultKind[] Clocks = [FaultKind.ClockRate, FaultKind.ClockJump, FaultKind.LaggingLeader];

    private static readonly FaultKind[] Disks =
        [FaultKind.DiskError, FaultKind.DiskFull, FaultKind.DiskStall, FaultKind.BitRot];

    /// <summary>The kinds of fault, each with the mean time between two of them.</summary>
    public required IReadOnlyList<(FaultKind Kind, TimeSpan Mean)> Kinds { get; init; }

    /// <summary>The share of faults that hit the leader.</summary>
    public required double LeaderBias { get; init; }

    /// <summary>The share of faults that come together with a second one at the same server.</summary>
    public required double BurstShare { get; init; }

    /// <summary>The share of crashes that are power cuts.</summary>
    public required double PowerCutShare { get; init; }

    /// <summary>The share of crashes that come at the next write or sync.</summary>
    public required double CrashAtWriteShare { get; init; }

    /// <summary>The most time that a server stays down.</summary>
    public required TimeSpan DownMax { get; init; }

    /// <summary>The most time that a pause, a partition or a slow link lasts.</summary>
    public required TimeSpan LastsMax { get; init; }

    /// <summary>The share of snapshots on their way whose sender or receiver is hit meanwhile.</summary>
    public required double InstallFaultShare { get; init; }

    /// <summary>The share of transfers whose target or leader is hit meanwhile.</summary>
    public required double TransferFaultShare { get; init; }

    /// <summary>The share of an administrator's turns in which a server loses its disk.</summary>
    public required double DiskLossShare { get; init; }

    /// <summary>Draws a plan.</summary>
    public static FaultPlan Draw(SimRandom random, SimulationProfile profile)
    {
        var kinds = new List<(FaultKind, TimeSpan)>();

        // Servers must be away for long to fall behind the leader's log.
        bool isLagging = profile == SimulationProfile.Snapshots;
        double commonShare = isLagging ? 0.9 : KindShare;
        foreach (FaultKind kind in Always)
        {
            Consider(kind, kind is FaultKind.Crash or FaultKind.Partition ? commonShare : KindShare, 2, 30);
        }

        foreach (FaultKind kind in profile switch
        {
            SimulationProfile.Clocks => Clocks,
            SimulationProfile.Disk => Disks,
            _ => [],
        })
        {
            Consider(kind, 0.75, 2, 20);
        }

        return new FaultPlan
        {
            Kinds = kinds,
            LeaderBias = random.NextFraction(),
            BurstShare = random.NextFraction() * 0.8,
            PowerCutShare = random.NextFraction(),
            CrashAtWriteShare = random.NextFraction(),
            DownMax = TimeSpan.FromSeconds(random.LogBetween(0.1, isLagging ? 20 : 8)),
            LastsMax = TimeSpan.FromSeconds(random.LogBetween(0.3, profile == SimulationProfile.Clocks || isLagging ? 20 : 8)),
            InstallFaultShare = random.Chance(0.7) ? random.LogBetween(0.05, 0.7) : 0,
            TransferFaultShare = random.Chance(0.7) ? random.LogBetween(0.1, 0.9) : 0,
            DiskLossShare = random.Chance(0.5) ? random.LogBetween(0.02, 0.3) : 0,
        };

        void Consider(FaultKind kind, double share, double leastSeconds, double mostSeconds)
        {
            if (random.Chance(share))
            {
                kinds.Add((kind, TimeSpan.FromSeconds(random.LogBetween(leastSeconds, mostSeconds))));
            }
        }
    }

    public override string ToString() =>
        $"leader bias {LeaderBias:0.00}, bursts {BurstShare:0.00}, power cuts {PowerCutShare:0.00}, at a write {CrashAtWriteShare:0.00}, down to "
        + $"{DownMax.TotalSeconds:0.0} s, lasting to {LastsMax.TotalSeconds:0.0} s; "
        + string.Join(", ", Kinds.Select(k => $"{k.Kind} each {k.Mean.TotalSeconds:0.0} s"));
}
