using Raft.Tests.Support;
using static Raft.Tests.Support.LoneFollower;

namespace Raft.Tests.Scenarios;

/// <summary>When messages leave and are answered: windows, pulses, heartbeats beside slow disks.</summary>
public sealed class PaceTests
{
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(10)]
    [Reference("I8", "a30")]
    public void No_more_requests_are_on_their_way_to_a_follower_than_the_window_takes(int window)
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3, s => s.Config = s.Config with
        {
            Limits = new RaftLimits { InFlightCountMax = window, AppendBytesMax = 200 },
        });
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.First(s => s != leader);
        int sent = 0;
        cluster.Network.Filter = (_, to, request) =>
        {
            sent += to == follower.Address && request is AppendEntriesRequest { Entries.Count: > 0 } ? 1 : 0;
            return true;
        };
        follower.Stores.HoldLogWrites = true;

        Task<ApplyResult>[] applies = [.. Enumerable.Range(0, 30).Select(i => cluster.Apply(leader, $"{new string('x', 150)}{i}"))];
        cluster.Pass(TimeSpan.FromMilliseconds(100));
        Assert.That(sent, Is.EqualTo(window));
        follower.Stores.ReleaseWrites();
        cluster.Run(Task.WhenAll(applies));
        cluster.AwaitSame();

        Assert.That(sent, Is.GreaterThanOrEqualTo(30));
    }

    [TestCase(true)]
    [TestCase(false)]
    [Reference("I4")]
    public void A_heartbeat_of_the_known_leader_is_answered_before_the_loop_takes_a_turn(bool namesServers)
    {
        using var follower = new LoneFollower();
        follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2)));
        Answer known = new();
        Answer stranger = new();

        // Go before 1.3.7 gives only its address.
        RpcHeader HeaderOf(string id) => namesServers ? Header(id) : new RpcHeader(3, default, default);
        follower.Hand(Heartbeat("n2", term: 2) with { Header = HeaderOf("n2") }, known);
        follower.Hand(Heartbeat("n3", term: 2) with { Header = HeaderOf("n3") }, stranger);

        Assert.That(known.HasCome, Is.True);
        Assert.That((known.Append.Success, known.Append.Term, known.Append.LastLog), Is.EqualTo((true, 2ul, 2ul)));
        Assert.That(stranger.HasCome, Is.False);
        follower.Pass();
        Assert.That(stranger.Error, Does.Contain("already has a leader"));
    }

    [Test]
    [Reference("c09")]
    public void A_disk_that_is_slow_for_less_than_an_election_timeout_costs_no_leadership()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        ulong term = leader.Node!.Term;
        leader.Stores.HoldLogWrites = true;
        leader.Stores.HoldRecordWrites = true;

        Task<ApplyResult> apply = cluster.Apply(leader, "a");
        cluster.Pass(leader.Config.ElectionTimeout - TimeSpan.FromMilliseconds(50));
        leader.Stores.ReleaseWrites();
        cluster.Run(apply);
        cluster.Pass(TimeSpan.FromSeconds(10));

        Assert.That(cluster.Leaders.Single(), Is.EqualTo(leader));
        Assert.That(leader.Node.Term, Is.EqualTo(term));
    }

    [Test]
    [Reference("c10", "a18", "a34")]
    public void Followers_that_get_no_more_entries_hear_the_commit_index_within_two_commit_timeouts()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 5);
        VirtualServer leader = cluster.Leaders.Single();

        ApplyResult result = cluster.Run(cluster.Apply(leader, "a"));

        cluster.Await(
            "all have applied it", () => cluster.Servers.All(s => s.Node!.AppliedIndex >= result.Index),
            (2 * leader.Config.CommitTimeout) + TimeSpan.FromMilliseconds(10));
    }

    [Test]
    [Reference("c06")]
    public void An_entry_has_its_index_its_term_and_the_time_at_which_the_leader_appended_it()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        DateTimeOffset now = cluster.Clock.GetUtcNow();

        ApplyResult result = cluster.Run(cluster.Apply(leader, "a"));
        cluster.AwaitSame();

        foreach (VirtualServer server in cluster.Servers)
        {
            LogEntry entry = server.Stores.Entries[^1];
            Assert.That((entry.Index, entry.Term), Is.EqualTo((result.Index, leader.Node!.Term)));
            Assert.That(entry.AppendedAt.ToDateTimeOffset(), Is.EqualTo(now));
        }
    }
}
