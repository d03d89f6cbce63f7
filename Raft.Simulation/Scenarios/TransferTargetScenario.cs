using Raft.Simulation.Cluster;
using Raft.Simulation.Faults;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Scenarios;

/// <summary>
/// W27: leaders are asked to hand over to anyone while voters are down or cut off, and to named servers that do not vote.
/// The first never goes to a server that does not answer (a rule of all runs); the second are refused.
/// </summary>
internal sealed class TransferTargetScenario : Scenario
{
    public override string Name => "W27";

    public override SimulationProfile? Profile => SimulationProfile.Transfer;

    public override ClusterPlan Shape(ClusterPlan plan, SimRandom random) => plan with
    {
        Servers = random.Chance(0.5) ? 5 : 7,
        Nonvoters = 2,
        TransferMean = TimeSpan.FromSeconds(random.LogBetween(0.2, 1)),
    };

    public override FaultPlan Shape(FaultPlan plan, SimRandom random) => plan with
    {
        LeaderBias = 0,
        TransferFaultShare = 0.2,
        DownMax = TimeSpan.FromSeconds(8),
        LastsMax = TimeSpan.FromSeconds(random.LogBetween(1, 8)),
        Kinds =
        [
            (FaultKind.Crash, TimeSpan.FromSeconds(random.LogBetween(1, 5))),
            (FaultKind.Partition, TimeSpan.FromSeconds(random.LogBetween(1, 5))),
        ],
    };
}
