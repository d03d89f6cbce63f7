using Raft.Membership;
using Raft.Storage;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Protocol versions 2 and 3, and what logs of older clusters hold.</summary>
public sealed class ProtocolVersionTests
{
    [Test]
    [Reference("D11")]
    public void Requests_of_versions_that_are_not_spoken_are_refused_by_the_text_that_Go_knows([Values(0, 1, 4)] int version)
    {
        using var follower = new LoneFollower();

        LoneFollower.Answer answer = follower.Send(LoneFollower.Vote("n2", 9, 9, 9) with
        {
            Header = LoneFollower.Header("n2") with { ProtocolVersion = version },
        });

        Assert.That((answer.Response, answer.Error), Is.EqualTo(
            ((RpcResponse?)null, "operation not supported with current protocol version")));
        Assert.That(follower.Node.Term, Is.EqualTo(1));
    }

    [Test]
    [Reference("D9")]
    public void In_version_2_what_came_with_version_3_is_refused_and_peers_are_added_by_address()
    {
        using VirtualCluster cluster = OfVersion2(4, founders: 3);
        VirtualServer leader = cluster.AwaitLeader(among: [.. cluster.Servers.Take(3)]);
        RaftNode node = leader.Node!;
        VirtualServer added = cluster.Servers[3];
        cluster.Start(added);

        Assert.That(() => cluster.Run(node.AddNonvoterAsync("x", "y")), Throws.TypeOf<UnsupportedProtocolException>());
        Assert.That(() => cluster.Run(node.DemoteVoterAsync("x")), Throws.TypeOf<UnsupportedProtocolException>());
        Assert.That(() => cluster.Run(node.TransferLeadershipAsync()), Throws.TypeOf<UnsupportedProtocolException>());
#pragma warning disable CS0618 // These are what is tested.
        cluster.Run(node.AddPeerAsync(added.Address));
        cluster.Await("it has caught up", () => added.Node!.AppliedIndex == node.AppliedIndex);
        cluster.Run(node.RemovePeerAsync(added.Address));
#pragma warning restore CS0618
        cluster.Run(node.AddVoterAsync(added.Id, added.Address));
        cluster.Await("it votes again", () => added.Node!.Core.State.Configuration.IsVoter(added.Id));

        Assert.That(node.Core.State.Configuration.VoterCount, Is.EqualTo(4));
        Assert.That(node.Core.State.Header.ProtocolVersion, Is.EqualTo(2));
    }

    [Test]
    [Reference("D9")]
    public void In_version_3_peers_are_not_added_by_address()
    {
        using VirtualCluster cluster = VirtualCluster.Running(1);
        RaftNode node = cluster.AwaitLeader().Node!;

#pragma warning disable CS0618 // These are what is tested.
        Assert.That(() => cluster.Run(node.AddPeerAsync("addr2")), Throws.TypeOf<UnsupportedProtocolException>());
        Assert.That(() => cluster.Run(node.RemovePeerAsync("addr1")), Throws.TypeOf<UnsupportedProtocolException>());
#pragma warning restore CS0618
        Assert.That(node.Core.State.Configuration.VoterCount, Is.EqualTo(1));
    }

    /// <summary>As ref §7.8 has it: new servers with ids of their own join, and the old ones are removed by their addresses.</summary>
    [Test]
    [Reference("D10")]
    public void A_cluster_of_version_2_becomes_one_of_version_3_server_by_server()
    {
        using VirtualCluster cluster = OfVersion2(6, founders: 3, version2: 3);
        VirtualServer[] old = [.. cluster.Servers.Take(3)];
        VirtualServer[] young = [.. cluster.Servers.Skip(3)];
        for (int i = 0; i < young.Length; i++)
        {
            VirtualServer leader = cluster.AwaitLeader();
            cluster.Start(young[i]);
            cluster.Run(cluster.Apply(leader, $"{i}"));
            cluster.Run(leader.Node!.AddVoterAsync(young[i].Id, young[i].Address));
            cluster.Await("it has caught up", () => young[i].Node!.AppliedIndex >= leader.Node.CommitIndex);
            cluster.Run(leader.Node.RemoveServerAsync(old[i].Address.Value));
            cluster.Await("another leads", () => cluster.Leaders.Any(l => l != old[i]));
            cluster.Kill(old[i]);
        }

        VirtualServer last = cluster.AwaitLeader(young);
        cluster.Run(cluster.Apply(last, "done"));

        Assert.That(last.Node!.Core.State.Configuration.Servers.Select(s => s.Id), Is.EquivalentTo(young.Select(s => s.Id)));
        Assert.That(last.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "0", "1", "2", "done" }));
    }

    [Test]
    public void In_version_2_a_servers_id_must_be_its_address()
    {
        using var cluster = new VirtualCluster(1, server => server.Config = server.Config with { ProtocolVersion = 2 });

        Assert.That(
            cluster.StartAll, Throws.ArgumentException.With.Message.Contains("n1").And.Message.Contains("addr1"));
    }

    [TestCase(LogType.RemovePeerDeprecated)]
    [TestCase(LogType.AddPeerDeprecated)]
    [Reference("D17")]
    public void A_list_of_peers_in_an_old_log_is_the_configuration(LogType type)
    {
        using var cluster = new VirtualCluster(1, AsVersion2);
        VirtualServer server = cluster.Servers[0];
        cluster.Run(server.Stores.SaveAsync(new TermAndVote(1)).AsTask());
        cluster.Run(server.Stores.AppendAsync(new LogAppend([Peers(1, type, server.Address.Value)], 1, CommitIndex: 0)).AsTask());

        cluster.StartAll();
        VirtualServer leader = cluster.AwaitLeader();
        cluster.Run(cluster.Apply(leader, "goes on"));

        Assert.That(leader.Node!.Core.State.Configuration, Is.EqualTo(
            new ClusterConfiguration([new Server(server.Id, server.Address)])));
        Assert.That(leader.Fsm.Applied, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_list_of_peers_from_a_leader_is_in_force_when_it_is_appended_and_over_when_it_is_truncated()
    {
        using var follower = new LoneFollower();
        ClusterConfiguration before = follower.Node.Core.State.Configuration;

        LoneFollower.Answer taken = follower.Send(LoneFollower.Append(
            "n2", 2, 1, 1, 1, Peers(2, LogType.AddPeerDeprecated, "addr1", "addr2", "addr9")));
        ClusterConfiguration inForce = follower.Node.Core.State.Configuration;
        LoneFollower.Answer bad = follower.Send(LoneFollower.Append(
            "n2", 2, 2, 2, 1, Entry(3, LogType.RemovePeerDeprecated, [0xC1])));
        follower.Send(LoneFollower.Append("n3", 3, 1, 1, 1, LoneFollower.Entries(2, 3)));

        Assert.That(taken.Append.Success, Is.True);
        Assert.That(inForce.Servers.Select(s => s.Id.Value), Is.EqualTo(new[] { "addr1", "addr2", "addr9" }));
        Assert.That(bad.Response is AppendEntriesResponse { Success: true }, Is.False);
        Assert.That(follower.Node.Core.State.Configuration, Is.EqualTo(before));
    }

    private static LogSlice Peers(ulong index, LogType type, params string?[] peers) => Entry(
        index, type, LegacyPeers.Encode(new ClusterConfiguration(peers.Select(p => new Server(p!, p!)))));

    private static LogSlice Entry(ulong index, LogType type, byte[] data) =>
        new(LogBatchBuilder.Single(index, index == 1 ? 1ul : 2, type, data, LogTimestamp.Zero));

    private static void AsVersion2(VirtualServer server) =>
        server.Config = server.Config with { ProtocolVersion = 2, LocalId = server.Address.Value };

    /// <summary>A running cluster whose first servers speak version 2, the others, not started yet, version 3.</summary>
    private static VirtualCluster OfVersion2(int servers, int founders, int version2 = int.MaxValue)
    {
        int made = 0;
        var cluster = new VirtualCluster(servers, server =>
        {
            if (made++ < version2)
            {
                AsVersion2(server);
            }
        });
        VirtualServer[] first = [.. cluster.Servers.Take(founders)];
        cluster.Founders = new ClusterConfiguration(first.Select(s => new Server(s.Address.Value, s.Address)));
        Array.ForEach(first, cluster.Start);
        cluster.Run(first[0].Node!.BootstrapClusterAsync(cluster.Founders));
        cluster.AwaitLeader(first);
        return cluster;
    }
}
