using Raft.Storage;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>What the stores of a server that does not run say of its cluster (A7, A8).</summary>
public sealed class OfflineConfigurationTests
{
    [Test]
    public void Blank_stores_know_of_no_cluster_and_have_no_state()
    {
        using var cluster = new VirtualCluster(servers: 1);

        IndexedConfiguration read = Read(cluster.Servers[0]);

        Assert.That(read, Is.EqualTo(new IndexedConfiguration(ClusterConfiguration.Empty, 0)));
        Assert.That(HasState(cluster.Servers[0]), Is.False);
    }

    [Test]
    [Reference("M6")]
    public async Task Members_that_a_snapshot_replaced_do_not_come_back_from_entries_that_it_covers()
    {
        // What RecoverCluster of Go leaves where it is ended before it has emptied the log.
        static ClusterConfiguration Of(params int[] servers) => new([.. servers.Select(i => new Server($"n{i}", $"addr{i}"))]);
        var log = new InMemoryLogStore();
        var stable = new InMemoryStableStore();
        await stable.SaveAsync(new TermAndVote(1));
        await log.AppendAsync(TestEntries.Append(Configuration(1, Of(1, 2))));
        await log.AppendAsync(TestEntries.Append(Configuration(2, Of(1, 2, 3))));
        await log.AppendAsync(TestEntries.Append(TestEntries.Batch(3, 1, term: 1)));
        var snapshots = new InMemorySnapshotStore();
        await using (ISnapshotSink sink = await snapshots.CreateAsync(new SnapshotPoint(3, 1, Of(1), ConfigurationIndex: 1)))
        {
            await sink.WriteAsync(new byte[1]);
            await sink.CommitAsync();
        }

        IndexedConfiguration found = await RaftNode.ReadConfigurationAsync(log, stable, snapshots);

        Assert.That(found.Configuration, Is.EqualTo(Of(1)));
    }

    [Test]
    [Reference("A8")]
    public void Every_server_of_a_cluster_that_was_stopped_has_the_configuration_that_it_ran_by()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer gone = cluster.Servers.First(s => s != leader);
        ulong index = cluster.Run(leader.Node!.RemoveServerAsync(gone.Id)).Index;
        cluster.Run(leader.Node.AddNonvoterAsync("n9", "addr9"));
        cluster.Run(cluster.Apply(leader, "behind it"));
        VirtualServer[] members = [.. cluster.Servers.Where(s => s != gone)];
        cluster.Await("both know", () => members.All(s => s.Node!.CommitIndex == leader.Node.CommitIndex));
        IndexedConfiguration[] running = [.. members.Select(s => new IndexedConfiguration(
            s.Node!.Core.State.Configuration, s.Node.Core.State.Configurations.LatestIndex))];

        members.ToList().ForEach(cluster.Kill);

        Assert.That(running[0].Index, Is.EqualTo(index + 1));
        Assert.That(members.Select(Read), Is.EqualTo(running));
        Assert.That(members.Select(HasState), Is.All.True, "also on those that only joined");
    }

    [TestCase(0ul)]
    [TestCase(100ul)]
    public void Behind_a_snapshot_it_is_the_snapshots_whatever_is_left_of_the_log(ulong trailing)
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            1, s => s.Config = s.Config with { TrailingLogs = trailing });
        VirtualServer server = cluster.Servers[0];
        cluster.Run(server.Node!.AddNonvoterAsync("n9", "addr9"));
        cluster.Run(cluster.Apply(server, "behind it"));
        cluster.Run(server.Node.SnapshotAsync());
        var running = new IndexedConfiguration(
            server.Node.Core.State.Configuration, server.Node.Core.State.Configurations.LatestIndex);
        cluster.Pass(TimeSpan.FromSeconds(1));
        cluster.Kill(server);
        (ulong, ulong, int) before = (server.Stores.FirstIndex, server.Stores.LastIndex, server.Stores.History.Count);

        Assert.That(Read(server), Is.EqualTo(running));
        Assert.That((server.Stores.FirstIndex, server.Stores.LastIndex, server.Stores.History.Count), Is.EqualTo(before));
    }

    [Test]
    public void A_log_that_a_snapshot_contradicts_does_not_count_and_is_left_alone()
    {
        using var cluster = new VirtualCluster(servers: 1);
        VirtualServer server = cluster.Servers[0];
        cluster.Seed(server, term: 3, LoneFollower.Entries(2, 1, 1));
        var sent = new ClusterConfiguration(new Server("n7", "addr7"));
        Write(server, new SnapshotPoint(9, 2, sent, 5));

        Assert.That(Read(server), Is.EqualTo(new IndexedConfiguration(sent, 5)));
        Assert.That(server.Stores.LastIndex, Is.EqualTo(3), "a start drops them, a look does not");
    }

    [Test]
    public void A_log_that_no_node_starts_on_is_refused()
    {
        using var cluster = new VirtualCluster(servers: 1);
        VirtualServer server = cluster.Servers[0];
        cluster.Seed(server, term: 3, LoneFollower.Entries(2, 1, 1));
        cluster.Run(server.Stores.SaveAsync(new TermAndVote(0)).AsTask());

        Assert.That(() => Read(server), Throws.TypeOf<CorruptStoreException>());
    }

    private static void Write(VirtualServer server, SnapshotPoint point)
    {
        ISnapshotSink sink = server.Snapshots.CreateAsync(point).AsTask().GetAwaiter().GetResult();
        sink.CommitAsync().AsTask().GetAwaiter().GetResult();
    }

    private static IndexedConfiguration Read(VirtualServer server) =>
        RaftNode.ReadConfigurationAsync(server.Stores, server.Stores, server.Snapshots).GetAwaiter().GetResult();

    private static LogBatch Configuration(ulong index, ClusterConfiguration configuration) => LogBatchBuilder.Single(
        index, term: 1, LogType.Configuration, ConfigurationEncoding.Encode(configuration), LogTimestamp.Zero);

    private static bool HasState(VirtualServer server) =>
        RaftNode.HasExistingStateAsync(server.Stores, server.Stores, server.Snapshots).GetAwaiter().GetResult();
}
