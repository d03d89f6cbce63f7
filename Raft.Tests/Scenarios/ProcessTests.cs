using System.Collections.Concurrent;
using System.Diagnostics;
using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Real processes, real disks, real sockets: what a user of <c>raftkv</c> relies on.</summary>
public sealed class ProcessTests
{
    [Test]
    [Reference("e01", "f05", "b04")]
    public async Task No_acknowledged_write_is_lost_when_the_leader_is_killed_again_and_again_under_writes(
        [Values("wal", "litedb")] string store)
    {
        await using ProcessCluster cluster = ClusterOn(store);
        await cluster.StartAllAsync();
        await cluster.LeaderAsync();
        var acknowledged = new ConcurrentQueue<string>();
        using var stop = new CancellationTokenSource();
        Task[] writers = [.. Enumerable.Range(0, 4).Select(w => cluster.WriteUntilAsync(w, acknowledged, stop.Token))];

        for (int round = 0; round < ProcessCluster.Rounds(3); round++)
        {
            int leader = await cluster.LeaderAsync();
            await MoreAsync(acknowledged, 50);
            await cluster.KillAsync(leader);
            await MoreAsync(acknowledged, 50);
            await cluster.StartAsync(leader);
            await cluster.CaughtUpAsync(leader);
            TestContext.Out.WriteLine($"round {round + 1}: {acknowledged.Count} acknowledged");
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        await cluster.ConvergeAsync();
        await AssertAllThereAsync(cluster, acknowledged);
    }

    [Test]
    [Reference("e01", "a05", "b04")]
    public async Task No_acknowledged_write_is_lost_when_all_nodes_are_killed_at_once([Values("wal", "litedb")] string store)
    {
        await using ProcessCluster cluster = ClusterOn(store);
        await cluster.StartAllAsync();
        var acknowledged = new ConcurrentQueue<string>();
        for (int round = 0; round < ProcessCluster.Rounds(2); round++)
        {
            await cluster.LeaderAsync();
            using var stop = new CancellationTokenSource();
            Task[] writers = [.. Enumerable.Range(0, 4).Select(w => cluster.WriteUntilAsync((round * 4) + w, acknowledged, stop.Token))];
            await MoreAsync(acknowledged, 100);
            ulong[] terms = await TermsAsync(cluster);
            await cluster.KillAllAsync();
            await stop.CancelAsync();
            await Task.WhenAll(writers);
            await cluster.StartAllAsync();
            Assert.That((await TermsAsync(cluster)).Zip(terms, (after, before) => after >= before), Is.All.True, "terms are kept");
            TestContext.Out.WriteLine($"round {round + 1}: {acknowledged.Count} acknowledged");
        }

        await cluster.LeaderAsync();
        await cluster.ConvergeAsync();
        await AssertAllThereAsync(cluster, acknowledged);
        for (int i = 0; i < 3; i++)
        {
            Assert.That(await cluster.TerminateAsync(i), Is.Zero, "a node stopped by SIGTERM ends with 0, with or without a quorum");
        }
    }

    [Test]
    [Reference("b09")]
    public async Task Ports_and_directories_in_use_and_damaged_logs_are_told_in_one_line()
    {
        using var directory = new TemporaryDirectory();
        int[] ports = TestPorts.Take(6);
        await using RaftkvProcess node = Node("n1", ports[0], ports[1], directory.File("a"));
        await node.ReadyAsync();
        await Eventually.HoldsAsync("it takes a write", async () =>
            (await Reply.SendAsync($"http://127.0.0.1:{ports[1]}", "PUT", "/kv/k", "v"u8.ToArray())).Status == 200);

        await using RaftkvProcess sameRaft = Node("n2", ports[0], ports[2], directory.File("b"));
        await using RaftkvProcess sameHttp = Node("n2", ports[3], ports[1], directory.File("c"));
        await using RaftkvProcess sameData = Node("n1", ports[4], ports[5], directory.File("a"));
        await AssertRefusedAsync(sameRaft, 2, $"--raft 127.0.0.1:{ports[0]}");
        await AssertRefusedAsync(sameHttp, 2, $"--http 127.0.0.1:{ports[1]}");
        await AssertRefusedAsync(sameData, 3, directory.File("a"));
        Assert.That(await node.TerminateAsync(), Is.Zero);

        (string file, byte[] before) = DamageLog(directory.File("a"));
        await using RaftkvProcess damaged = Node("n1", ports[0], ports[1], directory.File("a"));
        await AssertRefusedAsync(damaged, 3, Path.GetFileName(file));
        Assert.That(await File.ReadAllBytesAsync(file), Is.EqualTo(before), "nothing is overwritten");
    }

    [Test]
    [Reference("a43", "b02")]
    public async Task A_cluster_resumes_with_what_was_written_and_ends_with_its_parent()
    {
        using var directory = new TemporaryDirectory();
        int[] ports = [TestPorts.Take(4)[0], TestPorts.Take(4)[0]];
        string[] words = ["cluster", $"--data={directory.File("data")}", $"--raft-base-port={ports[0]}", $"--http-base-port={ports[1]}"];
        string http = $"http://127.0.0.1:{ports[1] + 1}";
        var started = Stopwatch.StartNew();
        await using (RaftkvProcess first = RaftkvProcess.Start(words))
        {
            await Eventually.HoldsAsync("a write is taken", () => TryAsync(http, "PUT", "/kv/k", 200), () => first.Errors);
            Assert.That(first.Output, Does.Contain(http));
            await Eventually.HoldsAsync("the leader is told", () => first.Output.Contains(" leads term ", StringComparison.Ordinal));
            await first.KillAsync();
        }

        // They stop one after the other: who leads hands over first. The directory is let go of last of all.
        await Eventually.HoldsAsync("no node is left", () => !Process.GetProcesses().Any(p => IsGiven(p, directory.File("data"))));
        await using RaftkvProcess second = RaftkvProcess.Start(words);
        await Eventually.HoldsAsync("the value is there", () => TryAsync(http, "GET", "/kv/k", 200), () => second.Errors);
        Assert.That(await second.TerminateAsync(), Is.Zero, second.Errors);
        Assert.That(await TryAsync(http, "GET", "/healthz", 200), Is.False, $"after {started.Elapsed}");
    }

    private static bool IsGiven(Process process, string word)
    {
        using (process)
        {
            try
            {
                return File.ReadAllText($"/proc/{process.Id}/cmdline").Contains(word, StringComparison.Ordinal);
            }
            catch (IOException)
            {
                // It has ended, or there is no such file system, and the nodes have to be quick.
                return false;
            }
        }
    }

    private static ProcessCluster ClusterOn(string store)
    {
        if (store == "litedb")
        {
            LiteDbRequired.OrSkip();
        }

        return new ProcessCluster(3, $"--store={store}");
    }

    private static RaftkvProcess Node(string id, int raft, int http, string data) => RaftkvProcess.Start(
        "node", $"--id={id}", $"--raft=127.0.0.1:{raft}", $"--http=127.0.0.1:{http}", $"--data={data}",
        $"--peers={id}=127.0.0.1:{raft}", "--heartbeat-ms=200");

    private static Task<ulong[]> TermsAsync(ProcessCluster cluster) =>
        Task.WhenAll(Enumerable.Range(0, 3).Select(n => cluster.IndexAsync(n, "term")));

    private static Task MoreAsync(ConcurrentQueue<string> acknowledged, int count)
    {
        int target = acknowledged.Count + count;
        return Eventually.HoldsAsync($"{count} more writes are acknowledged", () => acknowledged.Count >= target);
    }

    private static async Task AssertAllThereAsync(ProcessCluster cluster, ConcurrentQueue<string> acknowledged)
    {
        foreach (string key in acknowledged)
        {
            Reply? read = await cluster.TrySendAsync(0, "GET", $"/kv/{key}?read=stale");
            Assert.That(read?.Text, Is.EqualTo(key), $"of {acknowledged.Count} acknowledged writes");
        }
    }

    private static async Task AssertRefusedAsync(RaftkvProcess process, int exitCode, string says)
    {
        Assert.That(await process.ExitAsync(), Is.EqualTo(exitCode), process.Errors);
        Assert.That(process.Errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1), process.Errors);
        Assert.That(process.Errors, Does.Contain(says));
        Assert.That(process.Output, Is.Empty);
    }

    /// <summary>Flips a byte of the first entry, which later entries follow: no crash explains that.</summary>
    private static (string File, byte[] Bytes) DamageLog(string data)
    {
        byte[] name = "127.0.0.1:"u8.ToArray();
        foreach (string file in Directory.EnumerateFiles(data, "*", SearchOption.AllDirectories))
        {
            byte[] bytes = File.ReadAllBytes(file);
            int at = bytes.AsSpan().IndexOf(name);
            if (at >= 0)
            {
                bytes[at] ^= 1;
                File.WriteAllBytes(file, bytes);
                return (file, bytes);
            }
        }

        throw new InvalidOperationException("The founding configuration stands in no file.");
    }

    private static async Task<bool> TryAsync(string http, string method, string target, int status)
    {
        try
        {
            return (await Reply.SendAsync(http, method, target)).Status == status;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
