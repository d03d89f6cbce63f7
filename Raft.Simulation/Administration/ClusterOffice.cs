using Raft.Simulation.Cluster;
using Raft.Simulation.Faults;
using Raft.Simulation.Kernel;
using Raft.Simulation.Workloads;

namespace Raft.Simulation.Administration;

/// <summary>Those who run the cluster of a seed: they change members, ask leaders to hand over, and servers for snapshots.</summary>
internal sealed class ClusterOffice
{
    private readonly SimCluster _cluster;
    private readonly FaultPlan _faults;
    private readonly FaultInjector _injector;
    private readonly SimRandom _random;
    private readonly List<Task> _tasks = [];

    public ClusterOffice(
        SimCluster cluster, SimProcess process, CallRegister calls, FaultPlan faults, FaultInjector injector)
    {
        _cluster = cluster;
        _faults = faults;
        _injector = injector;
        _random = cluster.Kernel.Random.Fork();
        Port = new AdministratorPort(cluster, process, calls, cluster.Kernel.Random.Fork());
        for (int i = 0; i < cluster.Plan.Administrators; i++)
        {
            var administrator = new MemberAdministrator(cluster, Port, cluster.Kernel.Random.Fork(), faults.DiskLossShare);
            _tasks.Add(process.Start(administrator.RunAsync));
        }

        if (cluster.Plan.TransferMean > TimeSpan.Zero)
        {
            _tasks.Add(process.Start(TransferAsync));
        }

        if (cluster.Plan.SnapshotMean > TimeSpan.Zero)
        {
            _tasks.Add(process.Start(SnapshotAsync));
        }
    }

    /// <summary>How it reaches the servers.</summary>
    public AdministratorPort Port { get; }

    /// <summary>Whether everything that was asked for has an outcome.</summary>
    public bool HasEnded => _tasks.TrueForAll(t => t.IsCompleted);

    private async Task TransferAsync()
    {
        while (!Port.IsStopping)
        {
            await Port.DelayAsync(_cluster.Plan.TransferMean);
            if (!Port.IsStopping)
            {
                ServerId target = _random.Chance(0.4) ? default : _random.Pick(_cluster.Servers).Id;
                await Port.TransferAsync(target, asked => OnTransfer(asked, target));
            }
        }
    }

    private async Task SnapshotAsync()
    {
        while (!Port.IsStopping)
        {
            await Port.DelayAsync(_cluster.Plan.SnapshotMean);
            if (!Port.IsStopping)
            {
                await Port.SnapshotAsync();
            }
        }
    }

    /// <summary>Hits the leader or the target in the middle of it, at times.</summary>
    private void OnTransfer(SimServer leader, ServerId target)
    {
        if (!_random.Chance(_faults.TransferFaultShare))
        {
            return;
        }

        SimServer victim = !target.IsEmpty && _random.Chance(0.7) ? _cluster.Servers.First(s => s.Id == target)
            : _random.Chance(0.5) ? leader : _random.Pick(_cluster.Servers);
        TimeSpan soon = _cluster.Config.ElectionTimeout * _random.LogBetween(0.0001, 0.7);
        _cluster.Kernel.After(null, soon, () => _injector.Strike(victim));
    }
}
