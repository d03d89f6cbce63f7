using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>The entries that changes of the members write.</summary>
public sealed class MemberEntryTests
{
    [Test]
    [Reference("D7", "D8", "D13")]
    public void A_change_that_changes_nothing_writes_the_same_configuration_again([Values] bool isAddition, [Values] bool isGuarded)
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        Server member = cluster.Founders.Servers.First(s => s.Id != leader.Id);
        ulong present = isGuarded ? leader.Node!.Core.State.Configurations.LatestIndex : 0;

        ApplyResult written = cluster.Run(isAddition
            ? leader.Node!.AddVoterAsync(member.Id, member.Address, present)
            : leader.Node!.RemoveServerAsync("n9", present));
        cluster.AwaitSame();

        foreach (VirtualServer server in cluster.Servers)
        {
            LogEntry entry = server.Stores.Entries[^1];
            Assert.That((entry.Index, entry.Type), Is.EqualTo((written.Index, LogType.Configuration)));
            Assert.That(ConfigurationEncoding.Decode(entry.Data.Span), Is.EqualTo(cluster.Founders));
        }
    }

    [Test]
    [Reference("D6")]
    public void A_removal_that_no_majority_holds_is_not_committed_and_is_gone_after_healing()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 5);
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer[] majority = [.. cluster.Servers.Where(s => s != old).Take(3)];
        foreach (VirtualServer server in majority)
        {
            cluster.Network.Isolate(server.Address, cluster.Servers.Except(majority).Select(s => s.Address));
        }

        Task<ApplyResult> removal = old.Node!.RemoveServerAsync(majority[0].Id);
        cluster.Pass(TimeSpan.FromMilliseconds(100));
        ulong index = old.Node.Core.State.Configurations.LatestIndex;
        ulong committed = old.Node.CommitIndex;
        VirtualServer leader = cluster.AwaitLeader(majority);
        cluster.Run(cluster.Apply(leader, "goes on"));
        cluster.Network.Heal();
        cluster.AwaitSame();

        Assert.That((index, committed), Is.EqualTo((3ul, 2ul)));
        Assert.That(() => cluster.Run(removal), Throws.TypeOf<LeadershipLostException>());
        Assert.That(cluster.Servers.Select(s => s.Node!.Core.State.Configuration), Is.All.EqualTo(cluster.Founders));
    }
}
