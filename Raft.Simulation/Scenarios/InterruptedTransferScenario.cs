using Raft.Simulation.Cluster;
using Raft.Simulation.Faults;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Scenarios;

/// <summary>
/// hashicorp/raft 696: a leader is deposed in the middle of a transfer. Whoever leads later, the same server included,
/// takes commands; the transfer has an outcome.
/// </summary>
internal sealed class InterruptedTransferScenario : Scenario
{
    public override string Name => "T696";

    public override SimulationProfile? Profile => SimulationProfile.Transfer;

    public override ClusterPlan Shape(ClusterPlan plan, SimRandom random) => plan with
    {
        Servers = random.Chance(0.5) ? 3 : 5,
        TransferMean = TimeSpan.FromSeconds(random.LogBetween(0.2, 1)),
    };

    public override FaultPlan Shape(FaultPlan plan, SimRandom random) => plan with
    {
        LeaderBias = 0.8,
        TransferFaultShare = 0.9,
        LastsMax = TimeSpan.FromSeconds(random.LogBetween(0.5, 3)),
        Kinds = [(FaultKind.Partition, TimeSpan.FromSeconds(random.LogBetween(1, 4)))],
    };
}
