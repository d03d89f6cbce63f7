using Raft.Simulation.Cluster;
using Raft.Simulation.Faults;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Scenarios;

/// <summary>
/// W1: a heartbeat of a newer term reaches a leader in the middle of its work. Leaders are cut off and come back all the
/// time, with slow disks and late messages, while clients write without a pause.
/// </summary>
internal sealed class HeartbeatScenario : Scenario
{
    public override string Name => "W1";

    public override ClusterPlan Shape(ClusterPlan plan, SimRandom random) => plan with
    {
        Servers = random.Chance(0.5) ? 3 : 5,
        Nonvoters = 0,
        Heartbeat = TimeSpan.FromMilliseconds(200),
        Lease = TimeSpan.FromMilliseconds(200),
        Commit = TimeSpan.FromMilliseconds(20),
        Network = plan.Network with
        {
            DelayMin = TimeSpan.FromMicroseconds(100),
            DelayMax = TimeSpan.FromMilliseconds(5),
            StragglerShare = 0.1,
            StragglerDelayMax = TimeSpan.FromMilliseconds(600),
            Timeout = TimeSpan.FromMilliseconds(800),
        },
        Disk = plan.Disk with { SyncMax = TimeSpan.FromMilliseconds(random.LogBetween(1, 60)) },
    };

    public override FaultPlan Shape(FaultPlan plan, SimRandom random) => plan with
    {
        LeaderBias = 0.9,
        LastsMax = TimeSpan.FromSeconds(2),
        Kinds =
        [
            (FaultKind.Partition, TimeSpan.FromSeconds(random.LogBetween(0.5, 2))),
            (FaultKind.Pause, TimeSpan.FromSeconds(random.LogBetween(1, 4))),
        ],
    };
}
