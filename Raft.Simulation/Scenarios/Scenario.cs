using Raft.Simulation.Cluster;
using Raft.Simulation.Disk;
using Raft.Simulation.Faults;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Scenarios;

/// <summary>
/// A run that dwells on one known failure of hashicorp/raft (docs/divergence.md), or one rule: the seed's own plan, changed so that
/// the interleaving in question comes about again and again.
/// </summary>
internal abstract class Scenario
{
    private static readonly Scenario[] All =
    [
        new HeartbeatScenario(), new PipelineScenario(), new FailedTruncationScenario(), new FailedAppendScenario(),
        new ConflictingLogScenario(), new OvertakenSnapshotScenario(), new RemovedServerScenario(), new LeavingLeaderScenario(),
        new TransferTargetScenario(), new StrayTimeoutNowScenario(), new InterruptedTransferScenario(),
        new LostMajorityScenario(), new LeaseScenario(), new FlappingScenario(),
    ];

    /// <summary>The names of all.</summary>
    public static IEnumerable<string> Names => All.Select(s => s.Name);

    /// <summary>The name under which the failure is known.</summary>
    public abstract string Name { get; }

    /// <summary>The profile that it is a special case of; null for safety, clocks and disk in turn.</summary>
    public virtual SimulationProfile? Profile => null;

    /// <summary>Finds a scenario.</summary>
    public static Scenario? Find(string name) =>
        Array.Find(All, s => string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Changes what the seed drew for the cluster.</summary>
    public virtual ClusterPlan Shape(ClusterPlan plan, SimRandom random) => plan;

    /// <summary>Changes what the seed drew for the faults.</summary>
    public abstract FaultPlan Shape(FaultPlan plan, SimRandom random);

    /// <summary>Lays traps in the cluster.</summary>
    public virtual void Prepare(SimCluster cluster)
    {
    }

    /// <summary>Isolates leaders that have just written, so that followers hold tails which a later leader contradicts.</summary>
    protected static FaultPlan DivergentTails(FaultPlan plan, SimRandom random) => plan with
    {
        LeaderBias = 0.8,
        LastsMax = TimeSpan.FromSeconds(random.LogBetween(0.5, 4)),
        Kinds =
        [
            (FaultKind.Partition, TimeSpan.FromSeconds(random.LogBetween(0.5, 3))),
            (FaultKind.Pause, TimeSpan.FromSeconds(random.LogBetween(2, 10))),
        ],
    };

    /// <summary>Lets a server's disk fail for a moment, mostly, whenever its log is truncated: right before that, or right after.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="isAfter">Whether the truncation has happened.</param>
    /// <param name="fail">Turns the fault on.</param>
    protected static void FailAtTruncation(SimCluster cluster, bool isAfter, Action<DiskFaults> fail)
    {
        foreach (SimServer server in cluster.Servers)
        {
            server.OnTruncation = isDone =>
            {
                if (isDone == isAfter && cluster.AreFaultsOn && cluster.Kernel.Random.Chance(0.7))
                {
                    server.NoteDiskFault();
                    fail(server.Disk.Faults);
                    cluster.Kernel.After(null, TimeSpan.FromMilliseconds(200), server.Disk.Faults.Clear);
                }
            };
        }
    }
}
