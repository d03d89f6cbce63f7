using System.Diagnostics;
using Raft.Tests.Sample;

namespace Raft.Tests.Scenarios;

/// <summary>
/// What is planned costs clients nothing: transfers, restarts of the leader, rolling restarts of all nodes, under clients with sessions
/// that try again. A few times in each test run; <c>RAFT_KILL_ROUNDS=50</c> for a run of its own: 100 transfers, 50 restarts of the
/// leader, 20 rolling restarts.
/// </summary>
public sealed class MaintenanceTests
{
    private const int Clients = 8;

    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(500);

    [Test]
    public async Task Leaders_hand_over_again_and_again_and_no_operation_fails()
    {
        await using var cluster = new ProcessCluster();
        await cluster.StartAllAsync();
        await cluster.LeaderAsync();
        await using var clients = new SessionClients(cluster, Clients);
        await clients.MoreAsync(200);
        var gaps = new List<TimeSpan>();
        for (int round = 0; round < ProcessCluster.Rounds(2) * 2; round++)
        {
            int leader = await cluster.LeaderAsync();
            long began = Stopwatch.GetTimestamp();
            Reply? reply = await cluster.TrySendAsync(leader, "POST", "/raft/transfer");
            Assert.That(reply?.Status, Is.EqualTo(200), reply?.ToString());
            await Task.Delay(Settling);
            gaps.Add(clients.LongestGapSince(began));
        }

        await TellAsync("transfers", gaps, clients);
        await clients.AssertExactAsync();
    }

    [Test]
    public async Task The_leader_is_restarted_again_and_again_and_no_operation_fails()
    {
        await using var cluster = new ProcessCluster();
        await cluster.StartAllAsync();
        await cluster.LeaderAsync();
        await using var clients = new SessionClients(cluster, Clients);
        await clients.MoreAsync(200);
        var gaps = new List<TimeSpan>();
        for (int round = 0; round < ProcessCluster.Rounds(2); round++)
        {
            gaps.Add(await RestartAsync(cluster, clients, await cluster.LeaderAsync()));
        }

        await TellAsync("restarts of the leader", gaps, clients);
        await clients.AssertExactAsync();
    }

    [Test]
    public async Task All_nodes_are_restarted_in_turn_and_no_operation_fails()
    {
        await using var cluster = new ProcessCluster();
        await cluster.StartAllAsync();
        await cluster.LeaderAsync();
        await using var clients = new SessionClients(cluster, Clients);
        await clients.MoreAsync(200);
        var gaps = new List<TimeSpan>();
        for (int round = 0; round < (ProcessCluster.Rounds(2) * 2 / 5) + 1; round++)
        {
            for (int node = 0; node < 3; node++)
            {
                gaps.Add(await RestartAsync(cluster, clients, node));
            }
        }

        await TellAsync("restarts of one after the other", gaps, clients);
        await clients.AssertExactAsync();
    }

    /// <summary>Stops a node as planned, starts it again, and waits until it has what the others have.</summary>
    /// <returns>The longest time around its stop in which nothing was done.</returns>
    private static async Task<TimeSpan> RestartAsync(ProcessCluster cluster, SessionClients clients, int node)
    {
        long began = Stopwatch.GetTimestamp();
        Assert.That(await cluster.TerminateAsync(node), Is.Zero, cluster.Errors(node));
        await Task.Delay(Settling);
        TimeSpan gap = clients.LongestGapSince(began);
        await cluster.StartAsync(node);
        await cluster.CaughtUpAsync(node);
        await clients.MoreAsync(50);
        return gap;
    }

    private static Task TellAsync(string what, List<TimeSpan> gaps, SessionClients clients)
    {
        double[] sorted = [.. gaps.Select(g => g.TotalMilliseconds).Order()];
        return TestContext.Out.WriteLineAsync(
            $"{gaps.Count} {what}: {clients.Done} operations done, {clients.Retries} sent again, {clients.Failures.Count} failed; "
            + $"longest gaps: median {sorted[sorted.Length / 2]:F1} ms, p90 {sorted[sorted.Length * 9 / 10]:F1} ms, most {sorted[^1]:F1} ms");
    }
}
