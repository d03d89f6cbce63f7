using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Raft.Tests.Sample;
using Raftchaos.Cluster;

namespace Raft.Tests.Chaos;

/// <summary>A node whose process may open no more files, since strangers hold them all (S-23).</summary>
[TestFixture]
[Platform("Linux")]
public sealed class DescriptorTests
{
    private const int LeftOver = 12;
    private const int Strangers = 300;
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(3);

    [Test]
    public async Task A_node_without_descriptors_goes_on_with_what_is_open_does_not_spin_and_serves_again_once_there_are_some()
    {
        await using var cluster = new ProcessCluster { HasDefaultTimings = true };
        await cluster.StartAllAsync();
        int leader = await cluster.LeaderAsync();
        int node = (leader + 1) % 3;
        await cluster.ConvergeAsync([0, 1, 2]);
        int process = cluster.ProcessId(node);
        await LimitAsync(process, NodeFigures.Of(process)!.Handles + LeftOver);
        var strangers = new List<Socket>();
        try
        {
            for (int i = 0; i < Strangers; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                strangers.Add(socket);
                _ = socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, cluster.RaftPort(node)));
            }

            await Eventually.HoldsAsync(
                "it says that it cannot accept", () => cluster.Said(node).Contains("Accepting a connection failed", StringComparison.Ordinal), () => cluster.Said(node));
            TimeSpan before = Process.GetProcessById(process).TotalProcessorTime;
            await Task.Delay(Watched);
            TimeSpan used = Process.GetProcessById(process).TotalProcessorTime - before;
            await TestContext.Out.WriteLineAsync($"{used.TotalMilliseconds:0} ms of processor time in {Watched.TotalSeconds:0} s");
            Assert.That(used, Is.LessThan(Watched / 4), "it waits longer from time to time");
            Reply? meanwhile = await cluster.TrySendAsync(leader, "PUT", "/kv/meanwhile", [1]);
            Assert.That(meanwhile?.Status, Is.EqualTo(200), meanwhile?.Text);
        }
        finally
        {
            strangers.ForEach(static s => s.Dispose());
        }

        long began = Stopwatch.GetTimestamp();
        await Eventually.HoldsAsync(
            "it serves again", async () => (await cluster.TrySendAsync(node, "PUT", "/kv/after", [1]))?.Status == 200, () => cluster.Said(node));
        await TestContext.Out.WriteLineAsync($"served again after {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms");
        await cluster.ConvergeAsync([0, 1, 2]);
    }

    private static async Task LimitAsync(int process, int descriptors)
    {
        using Process limit = Process.Start("prlimit", [$"--pid={process}", $"--nofile={descriptors}:{descriptors}"]);
        await limit.WaitForExitAsync();
        Assert.That(limit.ExitCode, Is.Zero);
    }
}
