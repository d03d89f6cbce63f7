using Raft.Tests.Support;

namespace Raft.Tests.Core;

/// <summary>The status in hashicorp/raft's words.</summary>
public sealed class StatsTextTests
{
    [Test]
    [Reference("a46")]
    public void All_keys_of_hashicorp_are_there_and_say_what_the_status_says()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer follower = cluster.Servers.First(s => s != leader);
        cluster.Run(cluster.Apply(leader, "one"));
        cluster.AwaitSame();
        cluster.Run(leader.Node!.SnapshotAsync());

        IReadOnlyDictionary<string, string> stats = cluster.Run(leader.Node.GetStatsAsync());
        IReadOnlyDictionary<string, string> ofFollower = cluster.Run(follower.Node!.GetStatsAsync());

        Assert.That(stats, Is.EqualTo(new Dictionary<string, string>
        {
            ["state"] = "Leader",
            ["term"] = $"{leader.Node.Term}",
            ["last_log_index"] = "3",
            ["last_log_term"] = $"{leader.Node.Term}",
            ["commit_index"] = "3",
            ["applied_index"] = "3",
            ["fsm_pending"] = "0",
            ["last_snapshot_index"] = "3",
            ["last_snapshot_term"] = $"{leader.Node.Term}",
            ["protocol_version"] = "3",
            ["protocol_version_min"] = "2",
            ["protocol_version_max"] = "3",
            ["snapshot_version_min"] = "0",
            ["snapshot_version_max"] = "1",
            ["latest_configuration"] = "[" + string.Join(' ', cluster.Servers.Select(s =>
                $"{{Suffrage:Voter ID:{s.Id} Address:{s.Address}}}")) + "]",
            ["latest_configuration_index"] = "1",
            ["last_contact"] = "0",
            ["num_peers"] = "2",
        }));
        Assert.That(ofFollower["state"], Is.EqualTo("Follower"));
        Assert.That(ofFollower["last_contact"], Does.Match(@"^[0-9.]+(ms|µs|s|ns)$"));
        Assert.That(follower.Node.LastContact, Is.Not.Null);
        Assert.That(leader.Node.LastContact, Is.Null);
    }

    [Test]
    public void A_server_without_a_vote_has_no_peers_and_one_that_heard_nobody_says_never()
    {
        using var cluster = new VirtualCluster(1);
        cluster.StartAll();

        IReadOnlyDictionary<string, string> stats = cluster.Run(cluster.Servers[0].Node!.GetStatsAsync());

        Assert.That((stats["num_peers"], stats["last_contact"], stats["latest_configuration"]), Is.EqualTo(("0", "never", "[]")));
        Assert.That(cluster.Servers[0].Node!.ToString(), Is.EqualTo($"n1 at {cluster.Servers[0].Address} [Follower]"));
    }

    [Test]
    [Reference("d18")]
    public void The_configuration_is_told_with_where_it_stands_before_it_is_committed_too()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        cluster.Network.Isolate(leader.Address, cluster.Servers.Where(s => s != leader).Select(s => s.Address));

        _ = leader.Node!.AddNonvoterAsync("n9", "addr9");
        cluster.Pass(TimeSpan.FromMilliseconds(50));
        IndexedConfiguration told = cluster.Run(leader.Node.GetConfigurationAsync());

        Assert.That((told.Index, told.Configuration.Find("n9")?.Suffrage), Is.EqualTo((3ul, ServerSuffrage.Nonvoter)));
        Assert.That(leader.Node.CommitIndex, Is.EqualTo(2));
    }

    [Test]
    public void After_the_stop_the_last_ones_are_told()
    {
        using VirtualCluster cluster = VirtualCluster.Running(1);
        RaftNode node = cluster.AwaitLeader().Node!;
        cluster.Run(node.ShutdownAsync());

        Assert.That(cluster.Run(node.GetStatsAsync())["state"], Is.EqualTo("Shutdown"));
    }

    // What Go 1.22's time.Duration prints for the same duration.
    [TestCase(0, "0s")]
    [TestCase(1, "100ns")]
    [TestCase(15, "1.5µs")]
    [TestCase(12_345, "1.2345ms")]
    [TestCase(15_000_000, "1.5s")]
    [TestCase(600_000_000, "1m0s")]
    [TestCase(36_610_000_000, "1h1m1s")]
    [TestCase(36_000_000_001, "1h0m0.0000001s")]
    public void Durations_have_the_form_of_Go(long ticks, string text) =>
        Assert.That(StatsText.Duration(TimeSpan.FromTicks(ticks)), Is.EqualTo(text));
}
