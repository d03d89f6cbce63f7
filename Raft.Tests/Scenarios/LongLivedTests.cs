using System.Text;
using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>What makes a cluster of real processes live for years: short logs, servers that come and go, leaders that hand over.</summary>
public sealed class LongLivedTests
{
    [Test]
    [Reference("K1", "b04")]
    public async Task A_node_that_was_away_while_the_log_was_compacted_comes_back_also_when_it_is_killed_meanwhile()
    {
        await using var cluster = new ProcessCluster(3, "--snapshot-threshold=100", "--trailing-logs=10");
        await cluster.StartAllAsync();
        byte[] value = Encoding.UTF8.GetBytes(new string('v', 20_000));
        int received = 0;
        for (int round = 0; round < ProcessCluster.Rounds(3); round++)
        {
            int leader = await cluster.LeaderAsync();
            int away = (leader + 1 + (round % 2)) % 3;
            await cluster.KillAsync(away);
            await Task.WhenAll(Enumerable.Range(0, 8).Select(async w =>
            {
                for (int i = 0; i < 50; i++)
                {
                    await cluster.TrySendAsync(leader, "PUT", $"/kv/{w}-{i}", value);
                }
            }));

            // Snapshots have their pauses: not before the last of them is the log short.
            ulong written = await cluster.IndexAsync(leader, "commitIndex");
            await Eventually.HoldsAsync(
                "the log is compacted", async () => await cluster.IndexAsync(leader, "lastSnapshotIndex") + 150 > written,
                () => cluster.Errors(leader));
            await cluster.StartAsync(away);
            await Eventually.HoldsAsync(
                "a snapshot comes", () => cluster.Errors(away).Contains("receives a snapshot", StringComparison.Ordinal),
                () => cluster.Errors(away));
            if (round % 2 == 1)
            {
                await cluster.KillAsync(away);
                await cluster.StartAsync(away);
            }

            await cluster.CaughtUpAsync(away);
            await cluster.ConvergeAsync();
            received++;
        }

        await TestContext.Out.WriteLineAsync($"{received} times, half of them killed in the middle");
    }

    [Test]
    [Reference("K1", "a26", "b08")]
    public async Task Three_nodes_become_five_and_three_again_under_writes_and_the_leader_is_removed_twice()
    {
        await using var cluster = new ProcessCluster(5, "--snapshot-threshold=500", "--trailing-logs=50");
        await cluster.StartAllAsync();
        await cluster.LeaderAsync();
        await using var writers = new Writers(cluster, 4, 0, 1, 2);
        await writers.MoreAsync(100);
        foreach (int joining in (int[])[3, 4])
        {
            await cluster.StartAsync(joining);
            await Eventually.HoldsAsync(
                $"n{joining + 1} votes", async () => await SuffragesAsync(cluster, 0, $"n{joining + 1}") == "Voter",
                () => cluster.Errors(joining));
            await writers.MoreAsync(100);
        }

        var removed = new List<int>();
        for (int time = 0; time < 2; time++)
        {
            int leader = await cluster.LeaderAsync();
            Reply? reply = await cluster.TrySendAsync(leader, "DELETE", $"/raft/servers/n{leader + 1}");
            Assert.That(reply?.Status, Is.EqualTo(200), reply?.Text);
            removed.Add(leader);
            await Eventually.HoldsAsync("another leads", async () => await cluster.LeaderAsync() is var next && !removed.Contains(next));
        }

        int[] left = [.. Enumerable.Range(0, 5).Where(n => !removed.Contains(n))];
        await using var later = new Writers(cluster, 2, left);
        await later.MoreAsync(100);
        await later.AssertAllThereAsync(left);
        await writers.AssertAllThereAsync(left);
        Assert.That(await SuffragesAsync(cluster, left[0], null), Is.EqualTo("Voter,Voter,Voter"));
    }

    [Test]
    [Reference("a37")]
    public async Task Leaders_hand_over_again_and_again_under_writes_and_none_that_was_acknowledged_is_lost()
    {
        await using var cluster = new ProcessCluster();
        await cluster.StartAllAsync();
        await cluster.LeaderAsync();
        await using var writers = new Writers(cluster, 4, 0, 1, 2);
        int handedOver = 0;
        int transfers = ProcessCluster.Rounds(1) * 5;
        for (int i = 0; i < transfers; i++)
        {
            await writers.MoreAsync(20);
            Reply? reply = await cluster.TrySendAsync(i % 3, "POST", "/raft/transfer");
            handedOver += reply is { Status: 200 } ? 1 : 0;
        }

        await writers.AssertAllThereAsync(0, 1, 2);
        await TestContext.Out.WriteLineAsync($"{handedOver} of {transfers} transfers");
        Assert.That(handedOver, Is.GreaterThan(transfers / 2));
    }

    private static async Task<string> SuffragesAsync(ProcessCluster cluster, int node, string? id)
    {
        Reply? reply = await cluster.TrySendAsync(node, "GET", "/raft/status");
        return reply is not { Status: 200 } ? string.Empty : string.Join(',', reply.Json.GetProperty("configuration").GetProperty("servers")
            .EnumerateArray().Where(s => id is null || s.GetProperty("id").GetString() == id)
            .Select(s => s.GetProperty("suffrage").GetString()));
    }
}
