using Raft.Simulation.Cluster;
using Raft.Simulation.Faults;
using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Scenarios;

/// <summary>
/// All disks but one are lost for good, and the server that is left is recovered with all of them as members, who come
/// back blank. It is one that holds, durably, all that any server has called committed: so nothing that was acknowledged may
/// be lost, and every rule goes on to hold across the recovery, which is killed, loses power and is done again.
/// </summary>
/// <remarks>
/// Nothing of the lost servers is on its way any more when the one that is left starts again (docs/recovery.md: make sure
/// that the lost are lost). What it holds beyond that is forced, and is committed from then on.
/// </remarks>
internal sealed class LostMajorityScenario : Scenario
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    public override string Name => "Recover";

    /// <summary>Snapshots, so that the log begins anywhere; and no clock that jumps, by which stores name snapshots.</summary>
    public override SimulationProfile? Profile => SimulationProfile.Snapshots;

    public override FaultPlan Shape(FaultPlan plan, SimRandom random) => plan with
    {
        DownMax = TimeSpan.FromSeconds(2),
        CrashAtWriteShare = 0.7,
        Kinds =
        [
            .. plan.Kinds.Where(k => k.Kind is not FaultKind.Crash),
            (FaultKind.Crash, TimeSpan.FromSeconds(random.LogBetween(0.5, 5))),
        ],
    };

    public override void Prepare(SimCluster cluster) =>
        cluster.Kernel.After(null, cluster.Kernel.Random.Between(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(25)), () => Lose(cluster));

    private static void Lose(SimCluster cluster)
    {
        ClusterLedger ledger = cluster.Ledger;
        SimServer[] fit = [.. cluster.Servers.Where(s =>
            ledger.CommittedAt(ledger.CommitIndex) is { } mark && ledger.Holds(s.Machine, ledger.CommitIndex, mark))];
        if (!cluster.AreFaultsOn || cluster.Servers.Count == 1)
        {
            return;
        }

        if (fit.Length == 0)
        {
            cluster.Kernel.After(null, LookAgain, () => Lose(cluster));
            return;
        }

        SimServer left = cluster.Kernel.Random.Pick(fit);
        left.Crash(isPowerCut: cluster.Kernel.Random.Chance(0.5));
        left.IsLeftDown = true;
        foreach (SimServer server in cluster.Servers.Where(s => s != left))
        {
            server.LoseDisk();
        }

        cluster.Kernel.After(null, Quiet, () =>
        {
            left.IsLeftDown = false;
            left.Recover(Members(cluster.Founders, left.Id), () =>
            {
                foreach (SimServer server in cluster.Servers.Where(s => s != left))
                {
                    server.BecomeBlank(removal: null);
                }
            });
            Disturb(cluster.Kernel, left, times: cluster.Kernel.Random.Next(4));
        });
    }

    /// <summary>Kills it or cuts its power in the middle, and starts it again.</summary>
    private static void Disturb(SimKernel kernel, SimServer left, int times)
    {
        if (times == 0)
        {
            return;
        }

        kernel.After(null, TimeSpan.FromSeconds(kernel.Random.LogBetween(0.0005, 1)), () =>
        {
            if (left.Node is not null)
            {
                return;
            }

            left.Crash(isPowerCut: kernel.Random.Chance(0.5));
            kernel.After(null, TimeSpan.FromMilliseconds(10), () =>
            {
                if (left.Condition == ServerCondition.Down)
                {
                    left.Start();
                }

                Disturb(kernel, left, times - 1);
            });
        });
    }

    // In another order, so that they can be told from the old ones.
    private static ClusterConfiguration Members(ClusterConfiguration founders, ServerId id) =>
        new(founders.Servers.Reverse().Select(s => s.Id == id ? s with { Suffrage = ServerSuffrage.Voter } : s));
}
