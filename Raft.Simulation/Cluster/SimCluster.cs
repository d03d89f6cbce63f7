using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;
using Raft.Simulation.Network;

namespace Raft.Simulation.Cluster;

/// <summary>The servers of a run, what connects them, and what is true of them.</summary>
internal sealed class SimCluster
{
    public SimCluster(
        SimKernel kernel, ClusterPlan plan, Func<IFsm> newFsm, Func<IFsm, ulong?> stateOf, SimulationOptions options)
    {
        Kernel = kernel;
        Plan = plan;
        Founders = new ClusterConfiguration(Enumerable.Range(0, plan.Servers).Select(machine => new Server(
            ClusterLedger.NameOf(machine), SimAddress.Of(machine),
            machine < plan.Servers - plan.Nonvoters ? ServerSuffrage.Voter : ServerSuffrage.Nonvoter)));
        Ledger = new ClusterLedger(kernel, plan.Servers, Founders);
        Config = options.Configure?.Invoke(plan.ToConfig()) ?? plan.ToConfig();
        var rules = new MessageRules(Ledger, machine => Servers![machine].Watch);
        Network = new SimNetwork(kernel, plan.Servers, plan.Network, rules)
        {
            InFlightCountMax = Config.Limits.InFlightCountMax,
        };
        var setup = new ServerSetup(
            kernel, Network, Ledger, plan, Founders, newFsm, stateOf, Config, options.Bug);
        Servers = [.. Enumerable.Range(0, plan.Servers).Select(machine => new SimServer(setup, machine))];
    }

    /// <summary>Where everything happens.</summary>
    public SimKernel Kernel { get; }

    /// <summary>What was drawn for them.</summary>
    public ClusterPlan Plan { get; }

    /// <summary>The settings of all servers.</summary>
    public RaftConfig Config { get; }

    /// <summary>The configuration.</summary>
    public ClusterConfiguration Founders { get; }

    /// <summary>What is true of the cluster.</summary>
    public ClusterLedger Ledger { get; }

    /// <summary>What connects the servers.</summary>
    public SimNetwork Network { get; }

    /// <summary>Whether faults are on.</summary>
    public bool AreFaultsOn { get; set; } = true;

    /// <summary>The servers, by number.</summary>
    public IReadOnlyList<SimServer> Servers { get; }

    /// <summary>The servers that are to run: their store has not refused damage, and they are not left down.</summary>
    public IEnumerable<SimServer> Sound => Servers.Where(s => s.Condition != ServerCondition.Refused && !s.IsLeftDown);

    /// <summary>The server that leads the newest term, if one does.</summary>
    public SimServer? Leader => Servers
        .Where(s => s.Watch?.State == RaftState.Leader).MaxBy(s => s.Watch!.Record.Term);

    /// <summary>Starts every server.</summary>
    public void Start()
    {
        foreach (SimServer server in Servers)
        {
            server.Start();
        }
    }

    /// <summary>Any server, or in a share of cases the leader.</summary>
    public SimServer PickServer(double leaderBias) =>
        Kernel.Random.Chance(leaderBias) && Leader is { } leader ? leader : Kernel.Random.Pick(Servers);

    /// <summary>All servers side by side.</summary>
    public string Describe() => string.Join('\n', Servers.Select(s => s.Describe()));

    /// <summary>What happened anywhere.</summary>
    public Coverage Coverage()
    {
        var all = new Coverage();
        all.Add(Network.Coverage);
        foreach (SimServer server in Servers)
        {
            all.Add(server.Coverage);
            all.Add(server.Disk.Coverage);
        }

        return all;
    }
}
