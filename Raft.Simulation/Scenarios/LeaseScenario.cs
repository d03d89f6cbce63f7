using Raft.Simulation.Cluster;
using Raft.Simulation.Faults;
using Raft.Simulation.Kernel;
using Raft.Simulation.Network;

namespace Raft.Simulation.Scenarios;

/// <summary>
/// Reads by leases, at the edge of what these allow: leaders whose clocks run slow and that hear answers late, and that are cut off
/// then; voters that start again right after they promised, beside one that campaigns; handovers; connections that end, and leaders
/// that live whose port refuses then; servers whose timeouts are not the others', and are reloaded.
/// </summary>
internal sealed class LeaseScenario : Scenario
{
    /// <summary>How much longer than the plan's a reloaded heartbeat timeout is at most, and than that the election timeout.</summary>
    private const double TimeoutMost = 1.1;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    public override string Name => "Lease";

    public override SimulationProfile? Profile => SimulationProfile.Transfer;

    public override ClusterPlan Shape(ClusterPlan plan, SimRandom random) => plan with
    {
        Servers = random.Chance(0.7) ? 3 : 5,
        Nonvoters = 0,
        Lease = plan.Heartbeat * (0.8 + (random.NextFraction() * 0.2)),
        LeaseSpread = random.Chance(0.5) ? random.NextFraction() * 0.5 : 0,
        TransferMean = random.Chance(0.5) ? TimeSpan.FromSeconds(random.LogBetween(1, 5)) : TimeSpan.Zero,
        ClockDriftMax = random.Chance(0.4) ? 3 : random.LogBetween(0.02, 0.5),
        ReadShare = random.Pick([0.6, 0.9, 0.995]),
        Network = plan.Network with
        {
            DelayMax = plan.Heartbeat / 50,
            DelayMin = plan.Heartbeat / 500,
            DropShare = 0,
        },
    };

    public override FaultPlan Shape(FaultPlan plan, SimRandom random) => plan with
    {
        LeaderBias = 0.3,
        DownMax = TimeSpan.FromSeconds(0.1),
        Kinds =
        [
            (FaultKind.Crash, TimeSpan.FromSeconds(random.LogBetween(4, 30))),
            (FaultKind.BreakConnections, TimeSpan.FromSeconds(random.LogBetween(2, 10))),
            (FaultKind.Pause, TimeSpan.FromSeconds(random.LogBetween(5, 30))),
        ],
    };

    public override void Prepare(SimCluster cluster)
    {
        Later(cluster);
        Refuse(cluster);
        if (cluster.Kernel.Random.Chance(0.5))
        {
            Reload(cluster);
        }
    }

    /// <summary>Now and then a server goes by other timeouts.</summary>
    private static void Reload(SimCluster cluster) => cluster.Kernel.After(
        null, cluster.Config.HeartbeatTimeout * (1 + (cluster.Kernel.Random.NextFraction() * 8)), () =>
        {
            SimServer server = cluster.Kernel.Random.Pick(cluster.Servers);
            TimeSpan least = cluster.Plan.LeaseOf(server.Machine);
            TimeSpan heartbeat = least + (((cluster.Config.HeartbeatTimeout * TimeoutMost) - least) * cluster.Kernel.Random.NextFraction());
            GoBy(server, heartbeat, heartbeat * (1 + (cluster.Kernel.Random.NextFraction() * (TimeoutMost - 1))));

            if (cluster.AreFaultsOn)
            {
                Reload(cluster);
            }
        });

    private static void Later(SimCluster cluster) => cluster.Kernel.After(
        null, cluster.Config.HeartbeatTimeout * (4 + (cluster.Kernel.Random.NextFraction() * 4)), () =>
        {
            if (!cluster.AreFaultsOn)
            {
                return;
            }

            if (cluster.Leader is { } leader)
            {
                if (cluster.Kernel.Random.Chance(0.5))
                {
                    Lag(cluster, leader);
                }
                else
                {
                    RestartVoters(cluster, leader);
                }
            }

            Later(cluster);
        });

    private static void GoBy(SimServer server, TimeSpan heartbeat, TimeSpan election)
    {
        if (server is { Condition: ServerCondition.Up, Node: { } node })
        {
            _ = node.ReloadConfigAsync(node.ReloadableConfig with { HeartbeatTimeout = heartbeat, ElectionTimeout = election });
            server.Coverage.Hit(Happening.Reload);
        }
    }

    /// <summary>
    /// A leader that lives seems to be gone: its connections end for all others, its port refuses them, and as soon as enough have given
    /// it up they hear it no more. Whoever forgets what it promised elects another while that one still reads by its lease.
    /// </summary>
    private static void Refuse(SimCluster cluster) => cluster.Kernel.After(
        null, cluster.Config.HeartbeatTimeout * (4 + (cluster.Kernel.Random.NextFraction() * 6)), () =>
        {
            if (!cluster.AreFaultsOn)
            {
                return;
            }

            if (cluster.Leader is { Transport: { } transport } leader)
            {
                NetworkConditions usual = cluster.Network.Conditions;
                cluster.Network.Conditions = usual with { FalseRefusalShare = 1, ProbeHangShare = 0 };
                transport.TellEnds(toMachine: null);
                CutOnceGivenUp(cluster, leader, cluster.Kernel.Now + (cluster.Config.HeartbeatTimeout * 0.3));
                cluster.Kernel.After(null, cluster.Config.HeartbeatTimeout * 0.3, () =>
                {
                    if (cluster.AreFaultsOn)
                    {
                        cluster.Network.Conditions = usual;
                    }
                });
            }

            Refuse(cluster);
        });

    private static void CutOnceGivenUp(SimCluster cluster, SimServer leader, TimeSpan until) => cluster.Kernel.After(null, Moment, () =>
    {
        int majority = (cluster.Servers.Count / 2) + 1;
        if (cluster.Servers.Count(s => s != leader && s.Node is { } node && node.Leader.Id.IsEmpty) >= majority)
        {
            // A request for its vote would depose it. Then writes, for the reads to miss.
            CutBothWays(cluster, leader, +1);
            cluster.ReadShare = 0.5;
            cluster.Kernel.After(null, cluster.Config.HeartbeatTimeout * 2, () =>
            {
                CutBothWays(cluster, leader, -1);
                cluster.ReadShare = cluster.Plan.ReadShare;
            });
        }
        else if (cluster.AreFaultsOn && cluster.Kernel.Now < until)
        {
            CutOnceGivenUp(cluster, leader, until);
        }
    });

    /// <summary>The leader's clock runs slow and it hears answers late; then the others hear it no more.</summary>
    private static void Lag(SimCluster cluster, SimServer leader)
    {
        TimeSpan heartbeat = cluster.Config.HeartbeatTimeout;
        double most = Math.Sqrt(1 + cluster.Config.ClockDriftMax);
        SetRates(slow: 1 / most, fast: most);
        SetDelay(heartbeat * (cluster.Kernel.Random.NextFraction() * 0.9));
        cluster.Kernel.After(null, heartbeat * (0.3 + cluster.Kernel.Random.NextFraction()), () => Cut(cluster, leader, +1));
        cluster.Kernel.After(null, heartbeat * 4, () =>
        {
            Cut(cluster, leader, -1);
            SetRates(slow: 1, fast: 1);
            SetDelay(TimeSpan.Zero);
        });

        void SetRates(double slow, double fast)
        {
            foreach (SimServer server in cluster.Servers)
            {
                server.Clock.SetRate(server == leader ? slow : fast);
            }
        }

        void SetDelay(TimeSpan delay)
        {
            foreach (SimServer server in cluster.Servers)
            {
                cluster.Network.Link(server.Machine, leader.Machine).ExtraDelay = delay;
            }
        }
    }

    /// <summary>One voter is cut off from the leader, and campaigns; all others start again, and are cut off from it too.</summary>
    private static void RestartVoters(SimCluster cluster, SimServer leader)
    {
        TimeSpan heartbeat = cluster.Config.HeartbeatTimeout;
        SimServer[] others = [.. cluster.Servers.Where(s => s != leader)];
        SimServer campaigns = cluster.Kernel.Random.Pick(others);
        CutBothWays(+1, campaigns);
        if (cluster.Kernel.Random.Chance(0.7))
        {
            // The sooner it campaigns again once the others have forgotten, the more is left of what they had promised.
            GoBy(campaigns, cluster.Plan.LeaseOf(campaigns.Machine), cluster.Plan.LeaseOf(campaigns.Machine));
        }

        // Nothing new meanwhile, or its log is no longer up to date; then writes, for the reads to miss.
        cluster.ReadShare = 1;
        TimeSpan until = heartbeat * (1 + (cluster.Kernel.Random.NextFraction() * 1.5));
        cluster.Kernel.After(null, until, () => cluster.ReadShare = 0.5);
        cluster.Kernel.After(null, until + (heartbeat * 2), () => cluster.ReadShare = cluster.Plan.ReadShare);
        foreach (SimServer voter in others.Where(s => s != campaigns))
        {
            cluster.Kernel.After(null, until, () =>
            {
                CutBothWays(+1, voter);
                if (cluster.AreFaultsOn && voter.Condition == ServerCondition.Up)
                {
                    voter.Crash(isPowerCut: cluster.Kernel.Random.Chance(0.3));
                    cluster.Kernel.After(null, Moment + (heartbeat * (cluster.Kernel.Random.NextFraction() * 0.1)), () =>
                    {
                        if (voter.Condition == ServerCondition.Down)
                        {
                            voter.Start();
                        }
                    });
                }
            });
            cluster.Kernel.After(null, until + (heartbeat * 2), () => CutBothWays(-1, voter));
        }

        cluster.Kernel.After(null, until + (heartbeat * 2), () => CutBothWays(-1, campaigns));

        void CutBothWays(int change, SimServer other)
        {
            // What it sent would depose the leader.
            cluster.Network.Link(leader.Machine, other.Machine).Cuts += change;
            cluster.Network.Link(other.Machine, leader.Machine).Cuts += change;
        }
    }

    private static void CutBothWays(SimCluster cluster, SimServer server, int change)
    {
        Cut(cluster, server, change);
        foreach (SimServer one in cluster.Servers.Where(s => s != server))
        {
            cluster.Network.Link(one.Machine, server.Machine).Cuts += change;
        }
    }

    /// <summary>Cuts what goes from a server to all others, or mends it.</summary>
    private static void Cut(SimCluster cluster, SimServer server, int change)
    {
        foreach (SimServer one in cluster.Servers.Where(s => s != server))
        {
            cluster.Network.Link(server.Machine, one.Machine).Cuts += change;
        }
    }
}
