using Raft.Simulation.Cluster;
using Raft.Simulation.Faults;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Scenarios;

/// <summary>
/// W10: a follower drops entries, and its disk fails at the append right behind. What it holds and reports must be what
/// is left, and it must come back.
/// </summary>
internal sealed class FailedAppendScenario : Scenario
{
    public override string Name => "W10";

    public override ClusterPlan Shape(ClusterPlan plan, SimRandom random) => plan with { Servers = random.Chance(0.5) ? 3 : 5 };

    public override FaultPlan Shape(FaultPlan plan, SimRandom random) => DivergentTails(plan, random);

    public override void Prepare(SimCluster cluster) => FailAtTruncation(cluster, isAfter: true, faults =>
    {
        faults.FailsSyncs = cluster.Kernel.Random.Chance(0.5);
        faults.FailsWrites = !faults.FailsSyncs;
    });
}
