using System.Text;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>State machines that want more than commands.</summary>
public sealed class StateMachineKindTests
{
    [Test]
    [Reference("D2", "c29")]
    public void A_configuration_store_gets_every_committed_configuration_in_order([Values] bool isBatching)
    {
        using var cluster = new VirtualCluster(3);
        VirtualServer[] servers = [.. cluster.Servers];
        IKeeper[] keepers = [.. servers.Select(_ => isBatching ? (IKeeper)new BatchingKeeper() : new Keeper())];
        cluster.Founders = new ClusterConfiguration([new Server(servers[0].Id, servers[0].Address)]);
        for (int i = 0; i < servers.Length; i++)
        {
            cluster.Start(servers[i], (IFsm)keepers[i]);
        }

        RaftNode first = servers[0].Node!;
        cluster.Run(first.BootstrapClusterAsync(cluster.Founders));
        cluster.AwaitLeader(servers[0]);
        cluster.Run(first.ApplyAsync("a"u8.ToArray()));
        cluster.Run(first.AddVoterAsync(servers[1].Id, servers[1].Address));
        cluster.Run(first.ApplyAsync("b"u8.ToArray()));
        cluster.Run(first.AddVoterAsync(servers[2].Id, servers[2].Address));
        cluster.Await("all have it", () => servers.All(s => s.Node!.AppliedIndex == first.AppliedIndex));

        foreach (IKeeper keeper in keepers)
        {
            Assert.That(keeper.Seen, Is.EqualTo(new[] { "1 of 1", "a", "2 of 4", "b", "3 of 6" }));
        }
    }

    [Test]
    [Reference("c02")]
    public void Bytes_beside_a_command_reach_the_state_machine_of_every_server()
    {
        using VirtualCluster cluster = new(3);
        ExtensionsFsm[] machines = [.. cluster.Servers.Select(_ => new ExtensionsFsm())];
        for (int i = 0; i < machines.Length; i++)
        {
            cluster.Start(cluster.Servers[i], machines[i]);
        }

        cluster.Run(cluster.Servers[0].Node!.BootstrapClusterAsync(cluster.Founders));
        RaftNode leader = cluster.AwaitLeader().Node!;
        ApplyResult done = cluster.Run(leader.ApplyLogAsync("data"u8.ToArray(), "beside"u8.ToArray()));
        cluster.Await("all have it", () => cluster.Servers.All(s => s.Node!.AppliedIndex == leader.AppliedIndex));

        Assert.That(done.Response, Is.EqualTo("data+beside"));
        Assert.That(machines.Select(m => m.Seen), Is.All.EqualTo(new[] { "data+beside" }));
    }

    [Test]
    public void A_command_and_the_bytes_beside_it_are_bounded_together()
    {
        using VirtualCluster cluster = VirtualCluster.Running(1, server => server.Config = server.Config with
        {
            Limits = new RaftLimits { EntryBytesMax = 10 },
        });
        RaftNode node = cluster.AwaitLeader().Node!;

        Assert.That(async () => await node.ApplyLogAsync(new byte[5], new byte[6]), Throws.TypeOf<EntryTooLargeException>());
        Assert.That(cluster.Run(node.ApplyLogAsync(new byte[5], new byte[5])).Index, Is.GreaterThan(0));
    }

    private interface IKeeper
    {
        List<string> Seen { get; }
    }

    private class Keeper : IConfigurationStore, IKeeper
    {
        public List<string> Seen { get; } = [];

        public virtual object? Apply(LogEntry entry)
        {
            Seen.Add(Encoding.UTF8.GetString(entry.Data.Span));
            return null;
        }

        public void StoreConfiguration(ulong index, ClusterConfiguration configuration) =>
            Seen.Add($"{configuration.Servers.Length} of {index}");

        public IFsmSnapshot Snapshot() => throw new NotSupportedException();

        public Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class BatchingKeeper : Keeper, IBatchingFsm
    {
        public void ApplyBatch(ReadOnlySpan<LogEntry> entries, Span<object?> responses)
        {
            foreach (LogEntry entry in entries)
            {
                Assert.That(entry.Type, Is.EqualTo(LogType.Command));
                base.Apply(entry);
            }
        }

        public override object? Apply(LogEntry entry) => throw new InvalidOperationException("batches only");
    }

    private sealed class ExtensionsFsm : IFsm
    {
        public List<string> Seen { get; } = [];

        public object? Apply(LogEntry entry)
        {
            Seen.Add($"{Encoding.UTF8.GetString(entry.Data.Span)}+{Encoding.UTF8.GetString(entry.Extensions.Span)}");
            return Seen[^1];
        }

        public IFsmSnapshot Snapshot() => throw new NotSupportedException();

        public Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
