using Raft.Tests.Support;
using static Raft.Tests.Support.LoneFollower;

namespace Raft.Tests.Scenarios;

/// <summary>How a server comes into being, and ends.</summary>
public sealed class LifecycleTests
{
    [Test]
    [Reference("A3", "B2")]
    public void One_of_three_blank_servers_is_bootstrapped_and_the_cluster_works()
    {
        using var cluster = new VirtualCluster(servers: 3);
        cluster.StartAll();
        RaftNode founder = cluster.Servers[1].Node!;

        cluster.Run(founder.BootstrapClusterAsync(cluster.Founders));
        VirtualServer leader = cluster.AwaitLeader();
        cluster.Run(cluster.Apply(leader, "a"));
        cluster.AwaitSame();

        Assert.That(cluster.Servers.Select(s => s.Fsm.Applied.Single().Command), Is.All.EqualTo("a"));
        Assert.That(
            () => cluster.Run(founder.BootstrapClusterAsync(cluster.Founders)), Throws.TypeOf<CannotBootstrapException>());
    }

    [Test]
    [Reference("A7")]
    public void Stores_hold_no_state_before_a_server_joined_and_some_after()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 4, founders: 3);
        VirtualServer joining = cluster.Servers[3];

        cluster.Start(joining);
        bool before = HasState(joining);
        cluster.Run(cluster.AwaitLeader().Node!.AddVoterAsync(joining.Id, joining.Address));
        cluster.AwaitSame();

        Assert.That((before, HasState(joining)), Is.EqualTo((false, true)));
    }

    [Test]
    [Reference("d11", "a43")]
    public void A_bootstrap_writes_term_1_and_one_entry_and_a_second_one_nothing()
    {
        using var follower = new LoneFollower();
        string[] written = [.. follower.Disk.History];

        Assert.That(
            () => follower.Cluster.Run(follower.Node.BootstrapClusterAsync(follower.Cluster.Founders)),
            Throws.TypeOf<CannotBootstrapException>());

        Assert.That(follower.Disk.Record, Is.EqualTo(new TermAndVote(1)));
        Assert.That(
            follower.Disk.Entries.Select(e => (e.Index, e.Term, e.Type)),
            Is.EqualTo(new[] { (1ul, 1ul, LogType.Configuration) }));
        Assert.That(follower.Disk.History, Is.EqualTo(written));
    }

    [Test]
    [Reference("a46")]
    public void A_start_tells_in_one_line_what_the_server_has()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 1);
        VirtualServer server = cluster.Servers[0];
        cluster.Run(cluster.Apply(server, "a"));
        cluster.Run(server.Node!.SnapshotAsync());
        cluster.Run(cluster.Apply(server, "b"));
        cluster.Kill(server);
        server.Stores.KnownCommitIndex = 4;

        cluster.Start(server);

        Assert.That(cluster.Dump(), Does.Contain(
            $"n1 started: term 2, last entry 4 of term 2, committed 4, applied 3, configuration {cluster.Founders}"));
    }

    [Test]
    [Reference("A1", "d09")]
    public void A_node_that_was_started_and_stopped_a_thousand_times_leaves_nothing_running()
    {
        using var cluster = new VirtualCluster(servers: 1);
        VirtualServer server = cluster.Servers[0];
        cluster.Seed(server, term: 1);
        for (int round = 1; round <= 1000; round++)
        {
            cluster.Start(server);
            if (round % 100 == 0)
            {
                cluster.AwaitLeader();
                cluster.Run(cluster.Apply(server, "a"));
            }

            cluster.Run(server.Node!.ShutdownAsync());
            server.Node = null;
        }

        // Who watches over calls that block looks once more after 10 ms.
        cluster.Pass(TimeSpan.FromMilliseconds(20));
        Assert.That(server.Stores.Entries.Count(e => e.Type == LogType.Command), Is.EqualTo(10));
        Assert.That(
            cluster.Clock.AdvanceToNextTimer(cluster.Clock.Now + TimeSpan.FromHours(1)), Is.False, "a timer is left");
    }

    [Test]
    [Reference("B9")]
    public void A_first_entry_is_taken_of_a_leader_known_by_its_header_or_by_the_old_field_alone([Values] bool isOld)
    {
        using var follower = new LoneFollower(isBlank: true);
        AppendEntriesRequest request = Append("n2", 1, 0, 0, commit: 90, Entries(1, 1));

        Answer answer = follower.Send(isOld ? request with { Header = new RpcHeader(3, default, default) } : request);

        Assert.That(answer.Append.Success, Is.True);
        Assert.That(follower.Node.Leader.Address, Is.EqualTo((ServerAddress)"addr2"));
        Assert.That((follower.Node.Term, follower.Node.LastIndex, follower.Node.CommitIndex), Is.EqualTo((1ul, 1ul, 1ul)));
    }

    [Test]
    [Reference("B10", "B12")]
    public void A_follower_whose_disk_failed_once_lacks_nothing_after_its_restart()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.First(s => s != leader);
        follower.Stores.IsBroken = true;
        cluster.Run(cluster.Apply(leader, "a"));
        cluster.Await("the follower stopped", () => follower.Node!.Completion.IsCompleted);
        follower.Stores.IsBroken = false;
        follower.Node = null;
        cluster.Run(cluster.Apply(leader, "b"));

        cluster.Start(follower);
        cluster.AwaitSame();

        Assert.That(
            follower.Stores.Entries.Select(e => e.Index), Is.EqualTo(Enumerable.Range(1, 4).Select(i => (ulong)i)));
        Assert.That(follower.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "a", "b" }));
    }

    // It looks at the stores on the thread pool, while the cluster stands still.
    private static bool HasState(VirtualServer server) =>
        RaftNode.HasExistingStateAsync(server.Stores, server.Stores, server.Snapshots).GetAwaiter().GetResult();
}
