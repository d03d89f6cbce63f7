using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>A name leads to another server than the one that is meant: as a stale record does, a proxy, or a mixed-up mapping of ports.</summary>
public sealed class WrongServerTests
{
    [Test]
    public void A_server_to_which_two_names_lead_is_one_copy_and_one_contact()
    {
        using VirtualCluster cluster = VirtualCluster.Running(5);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != leader)];
        VirtualServer only = others[0];
        cluster.Network.Detours[others[1].Address] = only.Address;
        foreach (VirtualServer cutOff in others[1..])
        {
            cluster.Network.Isolate(cutOff.Address, [leader.Address, only.Address]);
        }

        Task<ApplyResult> onTwoOfFive = cluster.Apply(leader, "on two of five");
        cluster.Pass(TimeSpan.FromSeconds(5));

        Assert.That(onTwoOfFive.IsCompletedSuccessfully, Is.False, cluster.Dump());
        Assert.That(leader.Node!.State, Is.Not.EqualTo(RaftState.Leader), "it hears one of four");
    }

    [Test]
    public void A_snapshot_that_another_server_took_is_sent_again_to_the_one_that_was_meant()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3, s => s.Config = s.Config with { TrailingLogs = 0 });
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != leader)];
        VirtualServer meant = others[0];
        cluster.Kill(meant);
        cluster.Run(cluster.Apply(leader, "covered"));
        cluster.AwaitSame();
        SnapshotMeta snapshot = cluster.Run(leader.Node!.SnapshotAsync());
        cluster.Network.Detours[meant.Address] = others[1].Address;
        int taken = 0;
        cluster.Network.Filter = (_, _, request) =>
        {
            taken += request is InstallSnapshotRequest ? 1 : 0;
            return true;
        };
        cluster.Start(meant);
        cluster.Await("another took it", () => taken > 1);

        FollowerStatus asLeaderSeesIt = cluster.Run(leader.Node.GetStatusAsync()).Followers.Single(f => f.Id == meant.Id);
        Assert.That(asLeaderSeesIt.MatchIndex, Is.LessThan(snapshot.Index));
        cluster.Network.Detours.Clear();
        cluster.AwaitSame();

        Assert.That(meant.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "covered" }));
    }

    [Test]
    public void A_server_that_answers_questions_in_the_place_of_another_says_nothing_of_what_that_one_knows()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer other = cluster.Servers.First(s => s != leader);
        cluster.Network.Detours["addr-go"] = other.Address;

        Assert.That(
            () => cluster.Run(leader.Node!.AskAsync("go", "addr-go", default)),
            Throws.TypeOf<TransportException>().With.Message.Contains($"{other.Id} answers"));
        cluster.Run(leader.Node!.AddNonvoterAsync("go", "addr-go"));
        Assert.That(
            () => cluster.Run(leader.Node.RestoreAsync(Stream.Null, 0)), Throws.TypeOf<UnsupportedProtocolException>(),
            "it may be one that does not know a restore");
    }

    [Test]
    public void Answers_that_name_nobody_count_as_those_of_Go_before_version_1_7()
    {
        using VirtualCluster cluster = new(3);
        cluster.Network.Rewrite = answer => answer with { Header = answer.Header with { Id = default, Address = default } };
        cluster.StartAll();
        cluster.Run(cluster.Servers[0].Node!.BootstrapClusterAsync(cluster.Founders));

        cluster.Run(cluster.Apply(cluster.AwaitLeader(), "counts"));
        cluster.Pass(TimeSpan.FromSeconds(5));
        cluster.AwaitSame();

        Assert.That(cluster.AwaitLeader().Node!.Term, Is.EqualTo(2), "its heartbeats are answered too");
    }
}
