using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>To whom a leader hands over, and to whom it cannot.</summary>
public sealed class TransferTargetTests
{
    [Test]
    [Reference("F2", "F4")]
    public void A_server_alone_finds_nobody_to_hand_over_to_and_leads_on()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 1);
        RaftNode node = cluster.Servers[0].Node!;

        Assert.That(
            () => cluster.Run(node.TransferLeadershipAsync()),
            Throws.TypeOf<LeadershipTransferException>().With.Message.Contains("No voter"));
        cluster.Run(cluster.Apply(cluster.Servers[0], "a"));
    }

    [Test]
    [Reference("F13")]
    public void A_leader_with_nonvoters_only_finds_nobody_to_hand_over_to()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3, founders: 1);
        VirtualServer leader = cluster.Leaders.Single();
        foreach (VirtualServer added in cluster.Servers.Skip(1))
        {
            cluster.Start(added);
            cluster.Run(leader.Node!.AddNonvoterAsync(added.Id, added.Address));
        }

        cluster.AwaitSame();

        Assert.That(
            () => cluster.Run(leader.Node!.TransferLeadershipAsync()), Throws.TypeOf<LeadershipTransferException>());
        Assert.That(cluster.Leaders.Single(), Is.EqualTo(leader));
    }

    [Test]
    [Reference("F2")]
    public void The_voter_that_holds_most_of_the_log_is_the_successor([Values(0, 1)] int behind)
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != leader)];
        others[behind].Stores.HoldLogWrites = true;
        cluster.Run(cluster.Apply(leader, "a"));
        cluster.Pass(TimeSpan.FromMilliseconds(100));

        ServerId successor = cluster.Run(leader.Node!.TransferLeadershipAsync());

        Assert.That(successor, Is.EqualTo(others[1 - behind].Id));
        others[behind].Stores.ReleaseWrites();
    }

    [Test]
    [Reference("F6")]
    public void Of_seven_servers_the_named_one_leads([Values(0, 2, 5)] int which)
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 7);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer target = cluster.Servers.Where(s => s != leader).ElementAt(which);
        cluster.Pass(TimeSpan.FromSeconds(1));

        cluster.Run(leader.Node!.TransferLeadershipAsync(target.Id));

        Assert.That(cluster.AwaitLeader(), Is.EqualTo(target));
    }

    [Test]
    [Reference("F9")]
    public void A_target_that_is_a_thousand_entries_behind_gets_the_leadership_with_all_of_them()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3, s => s.Config = s.Config with
        {
            MaxAppendEntries = 10,
            Limits = new RaftLimits { AppendCountMax = 10, InFlightCountMax = 1 },
        });
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer target = cluster.Servers.First(s => s != leader);
        target.Stores.HoldLogWrites = true;
        cluster.Run(Task.WhenAll(Enumerable.Range(0, 1000).Select(i => cluster.Apply(leader, $"c{i}"))));
        Assert.That(target.Node!.LastIndex, Is.LessThan(20));

        Task<ServerId> transfer = leader.Node!.TransferLeadershipAsync(target.Id);
        target.Stores.ReleaseWrites();
        cluster.Run(transfer);

        Assert.That(cluster.AwaitLeader(), Is.EqualTo(target));
        cluster.AwaitSame();
        Assert.That(target.Fsm.Applied, Has.Count.EqualTo(1000));
    }
}
