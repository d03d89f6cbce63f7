using Raft.Simulation.Cluster;
using Raft.Simulation.Faults;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Scenarios;

/// <summary>
/// W14: a server's own snapshot becomes durable only after a leader's newer one was installed. State machines take their
/// time over a snapshot, and servers fall behind.
/// </summary>
internal sealed class OvertakenSnapshotScenario : Scenario
{
    public override string Name => "W14";

    public override SimulationProfile? Profile => SimulationProfile.Snapshots;

    public override ClusterPlan Shape(ClusterPlan plan, SimRandom random) => plan with
    {
        Servers = 3,
        Nonvoters = 0,
        SnapshotThreshold = (ulong)random.Between(3, 10),
        TrailingLogs = 0,
        PersistMax = TimeSpan.FromSeconds(random.LogBetween(1, 8)),
        SnapshotMean = TimeSpan.FromMilliseconds(random.LogBetween(100, 500)),
    };

    public override FaultPlan Shape(FaultPlan plan, SimRandom random) => plan with
    {
        LeaderBias = 0,
        InstallFaultShare = 0,
        LastsMax = TimeSpan.FromSeconds(random.LogBetween(1, 5)),
        Kinds =
        [
            (FaultKind.Partition, TimeSpan.FromSeconds(random.LogBetween(0.7, 3))),
            (FaultKind.Stop, TimeSpan.FromSeconds(20)),
        ],
    };
}
