using System.Collections.Concurrent;
using System.Text;
using Raft.Fsm.Sample.CommandLine;
using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Real processes whose stores are on LiteDB, and some that changed to another store.</summary>
public sealed class LiteDbProcessTests
{
    [Test]
    public async Task A_cluster_on_LiteDB_loses_nothing_when_its_nodes_are_killed_and_when_one_of_them_moves_to_another_store()
    {
        LiteDbRequired.OrSkip();
        await using var cluster = new ProcessCluster();
        await StartAllAsync(cluster, "litedb", "litedb", "litedb");
        var acknowledged = new ConcurrentQueue<string>();
        await WriteAsync(cluster, acknowledged, count: 60);
        await cluster.KillAllAsync();

        await StartAllAsync(cluster, "litedb", "litedb", "litedb");
        await WriteAsync(cluster, acknowledged, count: 60);
        Assert.That(await cluster.TerminateAsync(0), Is.Zero);
        await RequireConvertedAsync(cluster.Data(0), "litedb", "wal");
        await cluster.StartAsync(0, "--store=wal");
        await cluster.CaughtUpAsync(0);
        await WriteAsync(cluster, acknowledged, count: 60);

        Assert.That(await cluster.TerminateAsync(0), Is.Zero);
        await RequireConvertedAsync(cluster.Data(0), "wal", "litedb");
        await cluster.StartAsync(0, "--store=litedb");
        await cluster.ConvergeAsync();
        foreach (string key in acknowledged)
        {
            Reply? read = await cluster.TrySendAsync(0, "GET", $"/kv/{key}?read=stale");
            Assert.That(read?.Text, Is.EqualTo(key), $"of {acknowledged.Count} acknowledged writes");
        }
    }

    [Test]
    public async Task A_node_is_refused_with_3_where_its_directory_holds_another_store()
    {
        LiteDbRequired.OrSkip();
        using var directory = new TemporaryDirectory();
        int[] ports = TestPorts.Take(2);
        await using (RaftkvProcess node = Node(ports, directory.File("a"), "wal"))
        {
            await node.ReadyAsync();
            Assert.That(await node.TerminateAsync(), Is.Zero);
        }

        await using RaftkvProcess other = Node(ports, directory.File("a"), "litedb");

        Assert.That(await other.ExitAsync(), Is.EqualTo(3), other.Errors);
        Assert.That(other.Errors, Does.Contain("--store wal").And.Contain($"raftkv convert --from wal --to litedb {directory.File("a")}"));
        Assert.That(other.Errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
        Assert.That(Directory.Exists(Path.Combine(directory.File("a"), "litedb")), Is.False);
    }

    private static RaftkvProcess Node(int[] ports, string data, string store) => RaftkvProcess.Start(
        "node", "--id=n1", $"--raft=127.0.0.1:{ports[0]}", $"--http=127.0.0.1:{ports[1]}", $"--data={data}",
        $"--peers=n1=127.0.0.1:{ports[0]}", $"--store={store}");

    private static Task StartAllAsync(ProcessCluster cluster, params string[] stores) =>
        Task.WhenAll(stores.Select((store, node) => cluster.StartAsync(node, $"--store={store}")));

    private static async Task WriteAsync(ProcessCluster cluster, ConcurrentQueue<string> acknowledged, int count)
    {
        await cluster.LeaderAsync();
        int target = acknowledged.Count + count;
        for (int i = acknowledged.Count; acknowledged.Count < target; i++)
        {
            if (await cluster.TrySendAsync(1 + (i % 2), "PUT", $"/kv/k{i}", Encoding.UTF8.GetBytes($"k{i}")) is { Status: 200 })
            {
                acknowledged.Enqueue($"k{i}");
            }
        }
    }

    private static async Task RequireConvertedAsync(string data, string from, string to)
    {
        using var errors = new StringWriter();
        int exitCode = await CommandTable.RunAsync(["convert", data, $"--from={from}", $"--to={to}"], TextWriter.Null, errors);
        Assert.That(exitCode, Is.Zero, errors.ToString());
    }
}
