using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

public sealed class ReplicationTests
{
    private static VirtualServer[] Others(VirtualCluster cluster, VirtualServer server) =>
        [.. cluster.Servers.Where(s => s != server)];

    [Test]
    [Reference("B6", "c05", "c31")]
    public void A_hundred_commands_at_once_reach_all_servers_in_one_order_and_few_writes()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3, prepare: s => s.Stores.WriteTime = TimeSpan.FromMilliseconds(2));
        VirtualServer leader = cluster.Leaders.Single();
        int writesBefore = leader.Stores.AppendCount;

        Task<ApplyResult>[] applies = [.. Enumerable.Range(0, 100).Select(i => cluster.Apply(leader, $"c{i}"))];
        ApplyResult[] results = [.. applies.Select(cluster.Run)];
        cluster.AwaitSame();

        Assert.That(results.Select(r => r.Response), Is.EqualTo(Enumerable.Range(0, 100).Select(i => $"c{i}")));
        Assert.That(results.Select(r => r.Index), Is.Ordered.And.Unique);
        Assert.That(leader.Stores.AppendCount - writesBefore, Is.LessThanOrEqualTo(5), "group commit");
    }

    [Test]
    [Reference("c08", "j05")]
    public void A_command_is_acknowledged_only_when_a_majority_holds_it_durably()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer[] others = Others(cluster, leader);
        others[0].Stores.HoldLogWrites = true;
        others[1].Stores.HoldLogWrites = true;

        Task<ApplyResult> apply = cluster.Apply(leader, "a");
        cluster.Pass(TimeSpan.FromMilliseconds(300));
        Assert.That(apply.IsCompleted, Is.False);
        others[1].Stores.ReleaseWrites();

        Assert.That(cluster.Run(apply).Response, Is.EqualTo("a"));
        Assert.That(others[0].Stores.LastIndex, Is.LessThan(leader.Node!.LastIndex));
    }

    [Test]
    [Reference("c08", "c34", "a42")]
    public void W11_followers_can_commit_what_the_leaders_own_disk_has_not_finished()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        leader.Stores.HoldLogWrites = true;

        Task<ApplyResult> apply = cluster.Apply(leader, "a");
        cluster.Await("the followers applied it", () => Others(cluster, leader).All(s => s.Fsm.Applied.Count == 1),
            TimeSpan.FromMilliseconds(500));

        Assert.That(leader.Node!.CommitIndex, Is.EqualTo(3));
        Assert.That(leader.Fsm.Applied, Is.Empty, "the leader's state machine waits for its own disk");
        leader.Stores.ReleaseWrites();
        cluster.Run(apply);
    }

    [Test]
    [Reference("B3", "c32", "a17")]
    public void A_write_on_a_cut_off_leader_is_not_acknowledged_and_does_not_survive()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer old = cluster.Leaders.Single();
        ulong term = old.Node!.Term;
        cluster.Network.Isolate(old.Address, cluster.Servers.Select(s => s.Address));

        Task<ApplyResult> lost = cluster.Apply(old, "lost");
        VirtualServer leader = cluster.AwaitLeader(Others(cluster, old));
        cluster.Run(cluster.Apply(leader, "kept"));
        cluster.Network.Heal();
        cluster.AwaitSame();

        Assert.That(() => cluster.Run(lost), Throws.TypeOf<LeadershipLostException>());
        Assert.That(leader.Node!.Term, Is.GreaterThan(term));
        Assert.That(old.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "kept" }));
    }

    [Test]
    [Reference("B4", "c32")]
    public void A_follower_that_was_cut_off_catches_up()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = Others(cluster, leader)[0];
        cluster.Network.Isolate(follower.Address, cluster.Servers.Select(s => s.Address));

        for (int i = 0; i < 100; i++)
        {
            cluster.Run(cluster.Apply(leader, $"c{i}"));
        }

        cluster.Network.Heal();
        cluster.AwaitSame();
        Assert.That(follower.Fsm.Applied, Has.Count.EqualTo(100));
        Assert.That(cluster.Run(follower.Node!.GetStatusAsync()).LastContact, Is.LessThan(follower.Config.HeartbeatTimeout));
    }

    [Test]
    [Reference("J1")]
    public void A_restarted_follower_catches_up_from_what_the_leader_only_has_on_disk()
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            servers: 3, prepare: s => s.Config = s.Config with { Limits = new RaftLimits { TailBytesMax = 0 } });
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = Others(cluster, leader)[0];
        cluster.Kill(follower);
        for (int i = 0; i < 500; i++)
        {
            cluster.Run(cluster.Apply(leader, $"c{i}"));
        }

        cluster.Start(follower);
        cluster.AwaitSame();
        Assert.That(follower.Fsm.Applied, Has.Count.EqualTo(500));
    }

    [Test]
    public void All_servers_killed_at_once_keep_every_acknowledged_write()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        for (int i = 0; i < 20; i++)
        {
            cluster.Run(cluster.Apply(leader, $"c{i}"));
        }

        foreach (VirtualServer server in cluster.Servers)
        {
            cluster.Kill(server);
        }

        cluster.StartAll();
        cluster.AwaitLeader();
        cluster.AwaitSame();
        Assert.That(
            cluster.Servers[0].Fsm.Applied.Select(a => a.Command), Is.EqualTo(Enumerable.Range(0, 20).Select(i => $"c{i}")));
    }

    [Test]
    [Reference("c07", "b03", "b09")]
    public void A_leader_whose_disk_refuses_a_write_stops_and_the_others_go_on()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer old = cluster.Leaders.Single();
        old.Stores.IsBroken = true;

        Task<ApplyResult> unknown = cluster.Apply(old, "a");
        cluster.Await("the node stopped", () => old.Node!.Completion.IsCompleted);
        VirtualServer leader = cluster.AwaitLeader(Others(cluster, old));

        Assert.That(old.Node!.Completion.Exception!.InnerException, Is.TypeOf<RaftFatalException>());
        Assert.That(() => cluster.Run(unknown), Throws.InstanceOf<RaftException>());
        Assert.That(cluster.Run(cluster.Apply(leader, "b")).Response, Is.EqualTo("b"));
    }

    [Test]
    [Reference("B13", "c09")]
    public void W7_a_leader_whose_disk_hangs_gives_way_and_comes_back_when_it_answers()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer old = cluster.Leaders.Single();
        old.Stores.HoldLogWrites = true;
        old.Stores.HoldRecordWrites = true;
        _ = cluster.Apply(old, "a");

        VirtualServer leader = cluster.AwaitLeader(Others(cluster, old));
        Assert.That(cluster.Run(cluster.Apply(leader, "b")).Response, Is.EqualTo("b"));
        Assert.That(old.Node!.State, Is.EqualTo(RaftState.Follower));
        cluster.Pass(TimeSpan.FromSeconds(20));
        Assert.That(leader.Node!.State, Is.EqualTo(RaftState.Leader), "the stalled server does not campaign");

        old.Stores.ReleaseWrites();
        cluster.AwaitSame();
    }

    [Test]
    [Reference("B13", "c11")]
    public void W8_refusals_in_the_pipeline_never_leave_a_follower_without_entries()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        int seen = 0;
        cluster.Network.Filter = (_, _, request) => request is not AppendEntriesRequest { Entries.Count: > 0 } || ++seen % 3 != 0;

        for (int i = 0; i < 60; i++)
        {
            cluster.Run(cluster.Apply(cluster.AwaitLeader(), $"c{i}"));
        }

        cluster.Network.Filter = null;
        cluster.AwaitSame();
        Assert.That(leader.Fsm.Applied, Has.Count.EqualTo(60));
    }

    [Test]
    [Reference("c20")]
    public void A_batch_is_bounded_by_bytes_towards_a_follower()
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            servers: 3, prepare: s => s.Config = s.Config with { Limits = new RaftLimits { AppendBytesMax = 1000, BatchBytesMax = 100_000 } });
        VirtualServer leader = cluster.Leaders.Single();
        int largest = 0;
        cluster.Network.Filter = (_, _, request) =>
        {
            if (request is AppendEntriesRequest { Entries: { } entries })
            {
                largest = Math.Max(largest, entries.Sum(e => e.Encoded.Length));
            }

            return true;
        };

        Task<ApplyResult>[] applies = [.. Enumerable.Range(0, 50).Select(i => cluster.Apply(leader, $"{new string('x', 200)}{i}"))];
        foreach (Task<ApplyResult> apply in applies)
        {
            cluster.Run(apply);
        }

        Assert.That(largest, Is.InRange(300, 1000));
    }

    [Test]
    public void A_follower_that_lost_what_it_acknowledged_is_no_longer_counted_and_is_filled_again()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = Others(cluster, leader)[0];
        for (int i = 0; i < 10; i++)
        {
            cluster.Run(cluster.Apply(leader, $"c{i}"));
        }

        cluster.AwaitSame();
        cluster.Kill(follower);
        cluster.Run(follower.Stores.TruncateSuffixAsync(4).AsTask());
        cluster.Start(follower);

        cluster.AwaitSame();
        Assert.That(cluster.Dump(), Does.Contain("lost entries it had acknowledged"));
    }
}
