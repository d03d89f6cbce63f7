using System.Text;
using Raft.Tests.Support;

namespace Raft.Tests.Observability;

/// <summary>A short life of a cluster in which everything happens that a node measures.</summary>
internal static class Scenario
{
    /// <summary>Runs it, with the meters of a factory.</summary>
    public static void Run(Measurements measurements)
    {
        using VirtualCluster cluster = VirtualCluster.Running(3, server => server.Config = server.Config with
        {
            MeterFactory = measurements,
            TrailingLogs = 0,
        });
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer behind = cluster.Servers.First(s => s != leader);
        Serve(cluster, leader);
        ReplaceState(cluster, leader);

        cluster.Kill(behind);
        Serve(cluster, leader);
        cluster.Run(leader.Node!.SnapshotAsync());
        cluster.Pass(TimeSpan.FromSeconds(1));
        cluster.Start(behind, new BatchingFsm(behind.Fsm = new CountingFsm()));
        cluster.AwaitSame();
        cluster.Run(leader.Node!.AddVoterAsync(behind.Id, behind.Address));
        Serve(cluster, leader);

        cluster.Network.Probes = static (_, _) => ConnectOutcome.Refused;
        cluster.Network.EndConnections(leader, behind);
        cluster.Await("it gave up its leader", () => behind.Node!.Leader.Id.IsEmpty);
        cluster.Network.Isolate(leader.Address, cluster.Servers.Select(s => s.Address));
        cluster.Await("it gave up leading", () => leader.Node!.State != RaftState.Leader);
    }

    /// <summary>Commands, and time in which leaders look at their gauges.</summary>
    private static void Serve(VirtualCluster cluster, VirtualServer leader)
    {
        for (int second = 0; second < 12; second++)
        {
            cluster.Run(cluster.Apply(leader, $"command {second}"));
            cluster.Pass(TimeSpan.FromSeconds(1));
        }

        cluster.Run(leader.Node!.BarrierAsync());
        cluster.Run(leader.Node!.VerifyLeaderAsync());
    }

    private static void ReplaceState(VirtualCluster cluster, VirtualServer leader)
    {
        var state = new MemoryStream(Encoding.UTF8.GetBytes("1\t1\tof a user\n"));
#pragma warning disable CA2025 // The cluster moves until the task has ended.
        cluster.Run(leader.Node!.RestoreAsync(state, state.Length));
#pragma warning restore CA2025
        cluster.AwaitSame();
    }

    private sealed class BatchingFsm(CountingFsm inner) : IBatchingFsm, IConfigurationStore
    {
        public void StoreConfiguration(ulong index, ClusterConfiguration configuration)
        {
        }

        public object? Apply(LogEntry entry) => inner.Apply(entry);

        public void ApplyBatch(ReadOnlySpan<LogEntry> entries, Span<object?> responses)
        {
            for (int i = 0; i < entries.Length; i++)
            {
                responses[i] = entries[i].Type == LogType.Command ? inner.Apply(entries[i]) : null;
            }
        }

        public IFsmSnapshot Snapshot() => inner.Snapshot();

        public Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken) =>
            inner.RestoreAsync(snapshot, cancellationToken);
    }
}
