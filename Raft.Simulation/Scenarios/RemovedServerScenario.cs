using Raft.Simulation.Cluster;
using Raft.Simulation.Faults;
using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Scenarios;

/// <summary>
/// W18: a server that is removed learns it. If it can be reached, it holds the committed entry within ten election
/// timeouts, and does not campaign from then on.
/// </summary>
/// <remarks>
/// Network and disk are quick here, so that a server that is behind can catch up within that time, and calls end early, a
/// snapshot to a server that lost power on the way within five election timeouts. Without pre-vote a server may be in a newer
/// term than the leader before it is removed: then it takes nothing more from it, and is refused by all others for as long
/// as they hear that leader.
/// </remarks>
internal sealed class RemovedServerScenario : Scenario
{
    /// <summary>So many election timeouts a leader speaks to a server that it removed; a little more for the way.</summary>
    private const int LearnsWithin = 11;

    private const int StaysQuietFor = 30;

    public override string Name => "W18";

    public override SimulationProfile? Profile => SimulationProfile.Membership;

    public override ClusterPlan Shape(ClusterPlan plan, SimRandom random) => plan with
    {
        ChangeMean = TimeSpan.FromSeconds(random.LogBetween(1, 4)),
        Network = plan.Network with
        {
            BreakShare = 0,
            StragglerShare = 0,
            DelayMin = Least(plan.Network.DelayMin, plan.Heartbeat / 10),
            DelayMax = Least(plan.Network.DelayMax, plan.Heartbeat / 10),
            Timeout = Least(plan.Network.Timeout, plan.Heartbeat / 2),
        },
        Disk = plan.Disk with
        {
            SyncMin = Least(plan.Disk.SyncMin, plan.Heartbeat / 50),
            SyncMax = Least(plan.Disk.SyncMax, plan.Heartbeat / 50),
        },
        PersistMax = Least(plan.PersistMax, plan.Heartbeat / 50),
    };

    public override FaultPlan Shape(FaultPlan plan, SimRandom random) => plan with
    {
        LeaderBias = 1,
        DiskLossShare = 0,
        DownMax = TimeSpan.FromSeconds(1),
        Kinds = random.Chance(0.5) ? [] : [(FaultKind.Crash, TimeSpan.FromSeconds(random.LogBetween(5, 20)))],
    };

    public override void Prepare(SimCluster cluster)
    {
        var running = new Dictionary<ulong, SimProcess?[]>();
        cluster.Ledger.Configurations.OnNoted = index => running[index] = [.. cluster.Servers.Select(s => s.Process)];
        cluster.Ledger.Configurations.OnCommitted = (index, before, now) =>
        {
            foreach (SimServer server in cluster.Servers.Where(s => before.Find(s.Id) is not null && now.Find(s.Id) is null))
            {
                if (running[index].Contains(cluster.Leader?.Process))
                {
                    Removed(cluster, server, index);
                }
            }
        };
    }

    /// <summary>
    /// Only where the leader when it was committed has run since it was appended, and stays, and the server stays up and
    /// removed and is not paused, is it sure to be told.
    /// </summary>
    private static void Removed(SimCluster cluster, SimServer server, ulong index)
    {
        SimProcess? process = server.Process;
        SimServer? leader = cluster.Leader;
        ulong? term = leader?.Watch?.Record.Term;
        SimProcess? leading = leader?.Process;
        TimeSpan within = cluster.Config.ElectionTimeout * LearnsWithin;
        bool wasPaused = false;
        for (int i = 0; i < 4 * LearnsWithin; i++)
        {
            cluster.Kernel.After(
                null, cluster.Config.ElectionTimeout * i / 4,
                () => wasPaused |= process?.IsPaused == true || leading?.IsPaused == true);
        }

        cluster.Kernel.After(null, within, () =>
        {
            bool isTold = leader != server && server.Process == process && server.Watch is not null
                && leader?.Process == leading && leader?.Watch is { State: RaftState.Leader } watch && watch.Record.Term == term
                && server.Watch.Record.Term <= term && !wasPaused && IsRemoved() && cluster.AreFaultsOn;
            if (!isTold)
            {
                return;
            }

            server.Coverage.Hit(Happening.RemovalLearned);
            if (server.Watch!.CommitIndex < index)
            {
                cluster.Ledger.Violated(
                    Rule.Removed, $"{server.Id} was removed by entry {index} {within} ago and knows only {server.Watch.CommitIndex}");
            }

            Look(StaysQuietFor);
        });

        bool IsRemoved() => cluster.Configuration.Find(server.Id) is null && cluster.Configuration.Servers.Length > 0;

        void Look(int left)
        {
            if (left == 0 || server.Process != process || server.Watch is null || !IsRemoved() || !cluster.AreFaultsOn)
            {
                return;
            }

            if (server.Watch.State != RaftState.Follower)
            {
                cluster.Ledger.Violated(Rule.Removed, $"{server.Id} was removed by entry {index}, knows it, and is {server.Watch.State}");
            }

            cluster.Kernel.After(null, cluster.Config.ElectionTimeout / 2, () => Look(left - 1));
        }
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
