using Raft.Simulation.Cluster;
using Raft.Simulation.Faults;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Scenarios;

/// <summary>
/// W8: connections end, hang and refuse while appends are in flight, and the leader stays. A sender that waits for a
/// reader which has left would leave its follower behind for good.
/// </summary>
internal sealed class PipelineScenario : Scenario
{
    public override string Name => "W8";

    public override ClusterPlan Shape(ClusterPlan plan, SimRandom random) => plan with
    {
        Servers = 3,
        Nonvoters = random.Next(2),
        Network = plan.Network with
        {
            DropShare = 0,
            BreakShare = random.LogBetween(0.02, 0.3),
            Timeout = plan.Heartbeat * 2,
        },
    };

    public override FaultPlan Shape(FaultPlan plan, SimRandom random) => plan with
    {
        LeaderBias = 0,
        CrashAtWriteShare = 1,
        Kinds =
        [
            (FaultKind.BreakConnections, TimeSpan.FromSeconds(random.LogBetween(0.2, 2))),
            (FaultKind.DiskStall, TimeSpan.FromSeconds(random.LogBetween(5, 20))),
        ],
    };
}
