using Raft.Simulation.Cluster;
using Raft.Simulation.Faults;
using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Scenarios;

/// <summary>
/// A leader that lives, and whose connections end again and again: who tries to connect to it succeeds, or gets no answer. Its term
/// never ends.
/// </summary>
internal sealed class FlappingScenario : Scenario
{
    /// <summary>How many heartbeat timeouts the first election may take, and what follows it.</summary>
    private const int Settled = 10;

    public override string Name => "Flapping";

    public override SimulationProfile? Profile => SimulationProfile.Safety;

    public override ClusterPlan Shape(ClusterPlan plan, SimRandom random) => plan with
    {
        Servers = random.Pick([3, 4, 5]),
        Nonvoters = random.Next(2),
        Network = plan.Network with
        {
            DelayMin = plan.Heartbeat / 500,
            DelayMax = plan.Heartbeat / 50,
            StragglerShare = 0,
            DropShare = 0,
            FalseRefusalShare = 0,
            BreakShare = random.Chance(0.5) ? random.LogBetween(0.001, 0.05) : 0,
            ProbeHangShare = random.Chance(0.7) ? random.NextFraction() : 0,

            // Mostly over before the next heartbeat: then the leader was not heard, and nobody answered.
            ProbePatience = plan.Heartbeat * random.LogBetween(0.005, 0.5),
        },
        Disk = plan.Disk with { SyncMax = TimeSpan.FromMilliseconds(random.LogBetween(0.1, 10)) },
    };

    public override FaultPlan Shape(FaultPlan plan, SimRandom random) => plan with
    {
        Kinds = [],
        InstallFaultShare = 0,
        TransferFaultShare = 0,
        DiskLossShare = 0,
    };

    public override void Prepare(SimCluster cluster) =>
        cluster.Kernel.After(null, cluster.Config.HeartbeatTimeout * Settled, () =>
        {
            if (cluster.Leader is { } leader && cluster.AreFaultsOn)
            {
                Flap(cluster, leader, leader.Watch!.Record.Term, cluster.Config.HeartbeatTimeout * cluster.Kernel.Random.LogBetween(0.005, 1));
            }
        });

    private static void Flap(SimCluster cluster, SimServer leader, ulong term, TimeSpan mean) => cluster.Kernel.After(
        null, mean * (2 * cluster.Kernel.Random.NextFraction()), () =>
        {
            if (!cluster.AreFaultsOn)
            {
                return;
            }

            foreach (SimServer server in cluster.Servers)
            {
                if (server.Watch is { } watch && watch.Record.Term != term)
                {
                    cluster.Ledger.Violated(Rule.Flapping, $"{server.Id} is in term {watch.Record.Term}; {leader.Id} leads term {term}");
                    return;
                }

                if (server.Coverage[Happening.LeaderGivenUp] > 0)
                {
                    cluster.Ledger.Violated(Rule.Flapping, $"{server.Id} gave up {leader.Id}, whose port refused nobody");
                    return;
                }
            }

            leader.Transport?.TellEnds(cluster.Kernel.Random.Chance(0.5) ? cluster.Kernel.Random.Next(cluster.Servers.Count) : null);
            Flap(cluster, leader, term, mean);
        });
}
