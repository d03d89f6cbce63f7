using Raft.Simulation.Cluster;
using Raft.Simulation.Faults;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Scenarios;

/// <summary>
/// W9: a follower has entries that a new leader contradicts, and its disk fails whenever it is to drop them. However
/// often that happens, it never commits them.
/// </summary>
internal sealed class FailedTruncationScenario : Scenario
{
    public override string Name => "W9";

    public override ClusterPlan Shape(ClusterPlan plan, SimRandom random) => plan with { Servers = random.Chance(0.5) ? 3 : 5 };

    public override FaultPlan Shape(FaultPlan plan, SimRandom random) => DivergentTails(plan, random);

    public override void Prepare(SimCluster cluster) =>
        FailAtTruncation(cluster, isAfter: false, faults => faults.FailsWrites = true);
}
