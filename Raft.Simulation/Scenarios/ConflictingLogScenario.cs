using Raft.Simulation.Cluster;
using Raft.Simulation.Faults;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Scenarios;

/// <summary>
/// W2: a server is sent a snapshot while its log holds other entries at the snapshot's index. Leaders are cut off right
/// after they wrote, and the others snapshot all the time and keep nothing behind.
/// </summary>
internal sealed class ConflictingLogScenario : Scenario
{
    public override string Name => "W2";

    public override SimulationProfile? Profile => SimulationProfile.Snapshots;

    public override ClusterPlan Shape(ClusterPlan plan, SimRandom random) => plan with
    {
        Servers = random.Chance(0.5) ? 3 : 5,
        Nonvoters = 0,
        Clients = 8,
        Lease = plan.Heartbeat,
        SnapshotThreshold = (ulong)random.Between(1, 4),
        TrailingLogs = 0,
        PersistMax = TimeSpan.Zero,
        SnapshotMean = TimeSpan.FromMilliseconds(200),
        Network = plan.Network with { DropShare = 0 },
    };

    public override FaultPlan Shape(FaultPlan plan, SimRandom random) => DivergentTails(plan, random) with
    {
        InstallFaultShare = 0,
        LeaderBias = 0.95,
        LastsMax = TimeSpan.FromSeconds(random.LogBetween(2, 6)),
    };
}
