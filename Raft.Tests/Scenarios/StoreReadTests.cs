using Raft.Tests.Support;
using static Raft.Tests.Support.LoneFollower;

namespace Raft.Tests.Scenarios;

/// <summary>What is read from the store while memory has gone on: the store may be behind by truncations.</summary>
public sealed class StoreReadTests
{
    [Test]
    public void A_new_leader_never_sends_entries_that_it_has_truncated_in_memory_and_not_yet_on_disk()
    {
        using var cluster = new VirtualCluster(servers: 5);
        VirtualServer first = cluster.Servers[0];
        VirtualServer behind = cluster.Servers[2];
        cluster.Seed(first, term: 2, Entries(2, 2, 2, 2, 2));
        cluster.Seed(behind, term: 2, Entries(2, 2));
        foreach (VirtualServer holder in cluster.Servers.Skip(3))
        {
            cluster.Seed(holder, term: 3, Entries(2, 2, 2, 3));
        }

        foreach (VirtualServer quiet in cluster.Servers.Skip(2))
        {
            quiet.Config = quiet.Config with
            {
                HeartbeatTimeout = TimeSpan.FromMinutes(10),
                ElectionTimeout = TimeSpan.FromMinutes(10),
            };
        }

        // n1's disk is slow, though not stalled: the truncation of entry 4 waits there while n1 is elected.
        cluster.Start(first);
        first.Stores.WriteTime = TimeSpan.FromMilliseconds(800);
        Send(cluster, first, Append("n5", 2, 5, 2, 1, Entries(6, 2)));
        Send(cluster, first, Append("n5", 2, 6, 2, 1, Entries(7, 2)));
        Send(cluster, first, Append("n2", 3, 3, 2, 4, Entries(4, 3)));
        foreach (VirtualServer other in cluster.Servers.Skip(2))
        {
            cluster.Start(other);
        }

        cluster.Await("n1 leads", () => first.Node!.State == RaftState.Leader);
        cluster.Await("the server that was behind has applied entry 4", () => behind.Fsm.Applied.Any(a => a.Index == 4));

        Assert.That(behind.Fsm.Applied.Single(a => a.Index == 4).Term, Is.EqualTo(3));
    }

    [Test]
    public void A_read_of_a_leadership_that_ended_meanwhile_is_no_reason_to_stop()
    {
        using var cluster = new VirtualCluster(servers: 3);
        VirtualServer leader = cluster.Servers[0];
        VirtualServer behind = cluster.Servers[2];
        cluster.Seed(leader, term: 2, Entries(2, 2, 2, 2, 2, 2));
        cluster.Seed(behind, term: 2, Entries(2, 2, 2, 2));
        behind.Config = behind.Config with
        {
            HeartbeatTimeout = TimeSpan.FromMinutes(10),
            ElectionTimeout = TimeSpan.FromMinutes(10),
        };
        cluster.Start(behind);
        cluster.Start(leader);
        leader.Stores.HoldReads = true;
        cluster.Await("n1 leads", () => leader.Node!.State == RaftState.Leader);
        cluster.Await("its replicator reads", () => leader.Stores.HeldReads > 0);

        Send(cluster, leader, Append("n2", 9, 3, 2, 3, Entries(4, 9)));
        leader.Stores.ReleaseReads();
        cluster.Pass(TimeSpan.FromMilliseconds(50));

        Assert.That(leader.Node!.Completion.IsCompleted, Is.False);
        Assert.That(leader.Node.LastIndex, Is.EqualTo(4));
    }

    private static void Send(VirtualCluster cluster, VirtualServer server, RpcRequest request)
    {
        cluster.Network.Carry(request.Header.Address, server.Address, request, (_, _) => { });
        cluster.Pass(TimeSpan.FromMilliseconds(100));
    }
}
