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
        ReadShare = plan.ReadShare;
        Founders = new ClusterConfiguration(Enumerable.Range(0, plan.Servers).Select(machine => new Server(
            ClusterLedger.NameOf(machine), SimAddress.Of(machine),
            machine < plan.Servers - plan.Nonvoters ? ServerSuffrage.Voter : ServerSuffrage.Nonvoter)));
        Ledger = new ClusterLedger(kernel, plan.Machines, Founders);
        Config = options.Configure?.Invoke(plan.ToConfig()) ?? plan.ToConfig();
        var rules = new MessageRules(Ledger, machine => Servers![machine].Watch);
        Network = new SimNetwork(kernel, plan.Machines, plan.Network, rules)
        {
            InFlightCountMax = Config.Limits.InFlightCountMax,
        };
        var setup = new ServerSetup(
            kernel, Network, Ledger, plan, Founders, newFsm, stateOf, Config, options.Bug);
        Servers = [.. Enumerable.Range(0, plan.Machines).Select(machine => new SimServer(setup, machine))];
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

    /// <summary>The share of the clients' turns in which they read, while faults are on, beside those that they draw themselves.</summary>
    public double ReadShare { get; set; }

    /// <summary>Whether faults are on.</summary>
    public bool AreFaultsOn { get; set; } = true;

    /// <summary>The servers, by number.</summary>
    public IReadOnlyList<SimServer> Servers { get; }

    /// <summary>The configuration that is committed and in force.</summary>
    public ClusterConfiguration Configuration => Ledger.Configurations.Newest;

    /// <summary>The members that are to run: their store has not refused damage or is gone, and they are not left down.</summary>
    public IEnumerable<SimServer> Sound => Servers.Where(s =>
        Configuration.Find(s.Id) is not null && s.Condition != ServerCondition.Refused && !s.IsLeftDown && !s.HasLostDisk);

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

    /// <summary>
    /// Whether a majority is left if this server is lost for good, in the configuration that is committed and in every one
    /// that may come to be: that stands in a log, or was sent, or written by a process that died meanwhile.
    /// </summary>
    /// <remarks>
    /// Before the founders' configuration is committed, one disk may be all that holds it; and before anything is committed
    /// behind a recovery, all that was recovered.
    /// </remarks>
    public bool MayLose(SimServer server) => Ledger.CommitIndex > Ledger.RecoveredIndex && Servers.Select(LatestOf)
        .Concat(Ledger.Configurations.Above(Ledger.CommitIndex)).Append(Configuration).Distinct().All(configuration =>
        Servers.Count(s => configuration.IsVoter(s.Id) && s != server && !IsLost(s)) >= configuration.QuorumSize
        || configuration.Servers.IsEmpty);

    /// <summary>Whether a server is gone for good, or may be soon.</summary>
    public static bool IsLost(SimServer server) =>
        server.HasRot || server.IsLeftDown || server.HasLostDisk || server.Condition == ServerCondition.Refused;

    /// <summary>All servers side by side.</summary>
    public string Describe() => string.Join('\n', Servers.Select(s => ServerText.Of(s, Ledger.Stores[s.Machine])));

    private ClusterConfiguration LatestOf(SimServer server)
    {
        if (server.Watch is { } watch)
        {
            return watch.Configuration;
        }

        var configurations = new WatchedConfigurations(Kernel, Ledger, server.Id.ToString());
        StoreModel store = Ledger.Stores[server.Machine];
        configurations.Load(store.Log, store.Snapshots.Newest);
        return configurations.Latest;
    }

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
