using System.Collections.Concurrent;
using System.Diagnostics;
using Raft.Tests.Sample;

namespace Raft.Tests.Scenarios;

/// <summary>How soon a cluster of real processes takes writes again once its leader was killed.</summary>
public sealed class FailoverProcessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>What nodes say is shown from there on.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(500);

    [Test]
    public async Task Writes_are_taken_again_soon_after_the_leader_was_killed_and_none_is_lost()
    {
        await using var cluster = new ProcessCluster { HasDefaultTimings = true };
        await cluster.StartAllAsync();
        var acknowledged = new ConcurrentQueue<string>();
        var times = new List<TimeSpan>();
        using var stop = new CancellationTokenSource();
        Task[] writers = [.. Enumerable.Range(0, 4).Select(w => cluster.WriteUntilAsync(w, acknowledged, stop.Token))];

        for (int round = 0; round < ProcessCluster.Rounds(3); round++)
        {
            int leader = await cluster.LeaderAsync();
            int target = acknowledged.Count + 50;
            await Eventually.HoldsAsync("writes are acknowledged", () => acknowledged.Count >= target);

            var since = Stopwatch.StartNew();
            Task killing = cluster.KillAsync(leader);
            await Task.WhenAny(Enumerable.Range(0, 3).Where(n => n != leader).Select(n => FirstWriteAsync(cluster, n, $"r{round}-{n}")));
            times.Add(since.Elapsed);

            TestContext.Out.WriteLine($"round {round + 1}: n{leader + 1} was killed; a write was acknowledged after {times[^1].TotalMilliseconds:0} ms");
            await killing;
            if (times[^1] > Slow)
            {
                foreach (int node in Enumerable.Range(0, 3))
                {
                    TestContext.Out.WriteLine(string.Join('\n', cluster.Said(node).TrimEnd().Split('\n').TakeLast(12)));
                }
            }

            await cluster.StartAsync(leader);
            await cluster.CaughtUpAsync(leader);
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        await cluster.ConvergeAsync();
        times.Sort();
        TestContext.Out.WriteLine(
            $"{times.Count} kills: median {At(times, 0.5):0} ms, p99 {At(times, 0.99):0} ms, least {At(times, 0):0} ms, most {At(times, 1):0} ms");
        Assert.That(times, Is.All.LessThan(Patience));
        foreach (string key in acknowledged)
        {
            Assert.That((await cluster.TrySendAsync(0, "GET", $"/kv/{key}?read=stale"))?.Text, Is.EqualTo(key));
        }
    }

    private static double At(List<TimeSpan> sorted, double share) =>
        sorted[(int)Math.Ceiling(share * (sorted.Count - 1))].TotalMilliseconds;

    /// <summary>Writes at one node until that is acknowledged.</summary>
    private static async Task FirstWriteAsync(ProcessCluster cluster, int node, string key)
    {
        for (int i = 0; await cluster.TrySendAsync(node, "PUT", $"/kv/{key}-{i}", "v"u8.ToArray()) is not { Status: 200 }; i++)
        {
            await Task.Delay(2);
        }
    }
}
