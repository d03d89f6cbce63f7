using Raft.Simulation.Cluster;
using Raft.Simulation.Faults;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Scenarios;

/// <summary>
/// W19: a leader is removed or demoted. It hands over and goes on running (a rule of all runs: no node ends by itself),
/// and the cluster has a leader again within two election timeouts, mostly.
/// </summary>
internal sealed class LeavingLeaderScenario : Scenario
{
    private const int Soon = 2;

    public override string Name => "W19";

    public override SimulationProfile? Profile => SimulationProfile.Membership;

    public override ClusterPlan Shape(ClusterPlan plan, SimRandom random) => plan with
    {
        ChangeMean = TimeSpan.FromSeconds(random.LogBetween(0.5, 2)),
    };

    public override FaultPlan Shape(FaultPlan plan, SimRandom random) => plan with
    {
        LeaderBias = 0,
        DiskLossShare = 0,
        DownMax = TimeSpan.FromSeconds(2),
        Kinds = [(FaultKind.Crash, TimeSpan.FromSeconds(random.LogBetween(4, 30)))],
    };

    public override void Prepare(SimCluster cluster) =>
        cluster.Ledger.Configurations.OnCommitted = (_, before, now) =>
        {
            if (cluster.Leader is not { } leader || !before.IsVoter(leader.Id) || now.IsVoter(leader.Id))
            {
                return;
            }

            cluster.Kernel.After(null, cluster.Config.ElectionTimeout * Soon, () =>
            {
                if (cluster.AreFaultsOn)
                {
                    bool isLed = cluster.Servers.Any(s => s.Watch is { State: RaftState.Leader } && cluster.Configuration.IsVoter(s.Id));
                    leader.Coverage.Hit(isLed ? Happening.LeaderAgain : Happening.LeaderLate);
                }
            });
        };
}
