using System.Collections.Concurrent;
using System.Diagnostics;
using Raft.Tests.Sample;

namespace Raft.Tests.Scenarios;

/// <summary>How soon a cluster of real processes takes writes again once its leader was killed, or says nothing more.</summary>
public sealed class FailoverProcessTests
{
    /// <summary>Several election timeouts: votes may be split once or twice.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    [Test]
    public Task Writes_are_taken_again_soon_after_the_leader_was_killed_and_none_is_lost() =>
        TakeOverAsync("killed", static (cluster, leader) => cluster.KillAsync(leader), slow: TimeSpan.FromMilliseconds(500),
            ProcessCluster.Rounds(3));

    /// <summary>Stopped by a signal, a process keeps its connections and its port: nothing tells the others but its silence.</summary>
    [Test]
    public Task Writes_are_taken_again_once_a_silent_leader_was_waited_for_and_none_is_lost() =>
        TakeOverAsync("silenced", static (cluster, leader) => cluster.PauseAsync(leader), slow: TimeSpan.FromSeconds(3),
            ProcessCluster.Rounds(1));

    /// <param name="what">What is done to the leader.</param>
    /// <param name="end">Does it.</param>
    /// <param name="slow">What nodes say is shown where it took longer.</param>
    /// <param name="rounds">How often.</param>
    private static async Task TakeOverAsync(string what, Func<ProcessCluster, int, Task> end, TimeSpan slow, int rounds)
    {
        await using var cluster = new ProcessCluster { HasDefaultTimings = true };
        await cluster.StartAllAsync();
        var acknowledged = new ConcurrentQueue<string>();
        var times = new List<TimeSpan>();
        using var stop = new CancellationTokenSource();
        Task[] writers = [.. Enumerable.Range(0, 4).Select(w => cluster.WriteUntilAsync(w, acknowledged, stop.Token))];

        for (int round = 0; round < rounds; round++)
        {
            int leader = await cluster.LeaderAsync();
            int target = acknowledged.Count + 50;
            await Eventually.HoldsAsync("writes are acknowledged", () => acknowledged.Count >= target);

            var since = Stopwatch.StartNew();
            await end(cluster, leader);
            await FirstWriteAsync(cluster, [.. Enumerable.Range(0, 3).Where(n => n != leader)], $"r{round}");
            times.Add(since.Elapsed);

            TestContext.Out.WriteLine(
                $"round {round + 1}: n{leader + 1} was {what}; a write was acknowledged after {times[^1].TotalMilliseconds:0} ms");
            if (times[^1] > slow)
            {
                foreach (int node in Enumerable.Range(0, 3))
                {
                    TestContext.Out.WriteLine(string.Join('\n', cluster.Said(node).TrimEnd().Split('\n').TakeLast(12)));
                }
            }

            await cluster.KillAsync(leader);
            await cluster.StartAsync(leader);
            await cluster.CaughtUpAsync(leader);
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        await cluster.ConvergeAsync();
        times.Sort();
        TestContext.Out.WriteLine(
            $"{times.Count} times {what}: median {At(times, 0.5):0} ms, p99 {At(times, 0.99):0} ms, least {At(times, 0):0} ms, most {At(times, 1):0} ms");
        Assert.That(times, Is.All.LessThan(Patience));
        foreach (string key in acknowledged)
        {
            Assert.That((await cluster.TrySendAsync(0, "GET", $"/kv/{key}?read=stale"))?.Text, Is.EqualTo(key));
        }
    }

    private static double At(List<TimeSpan> sorted, double share) =>
        sorted[(int)Math.Ceiling(share * (sorted.Count - 1))].TotalMilliseconds;

    /// <summary>
    /// Writes at nodes in turn until one write is acknowledged. None is waited for before the next: what a node has sent to a leader that
    /// says nothing has no outcome for seconds, and whether the next is taken does not depend on it.
    /// </summary>
    private static async Task FirstWriteAsync(ProcessCluster cluster, int[] nodes, string key)
    {
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        for (int i = 0; !first.Task.IsCompleted; i++)
        {
            _ = WriteAsync(nodes[i % nodes.Length], $"{key}-{i}");
            await Task.WhenAny(first.Task, Task.Delay(Pause));
        }

        async Task WriteAsync(int node, string own)
        {
            if (await cluster.TrySendAsync(node, "PUT", $"/kv/{own}", "v"u8.ToArray()) is { Status: 200 })
            {
                first.TrySetResult();
            }
        }
    }
}
