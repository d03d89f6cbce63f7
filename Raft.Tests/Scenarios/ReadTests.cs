using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Whether a leader still leads, and reads that are linearizable (thesis 6.4).</summary>
public sealed class ReadTests
{
    [Test]
    [Reference("G1", "c13", "d18")]
    public void Verification_needs_a_majority_that_answers_what_was_sent_after_the_question()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        cluster.Run(leader.Node!.VerifyLeaderAsync());
        int heartbeats = 0;
        cluster.Network.Filter = (_, _, request) =>
        {
            if (request is AppendEntriesRequest { IsHeartbeat: true })
            {
                heartbeats++;
            }

            return request is not AppendEntriesRequest;
        };

        Task verified = leader.Node.VerifyLeaderAsync();

        Assert.That(() => cluster.Run(verified), Throws.TypeOf<NotLeaderException>());
        Assert.That(heartbeats, Is.GreaterThan(0));
    }

    [Test]
    [Reference("G5", "a20")]
    public void W4_a_leader_that_reaches_only_nonvoters_is_not_verified()
    {
        using var cluster = new VirtualCluster(servers: 5);
        cluster.Founders = new ClusterConfiguration(cluster.Servers.Select((s, i) =>
            new Server(s.Id, s.Address, i < 3 ? ServerSuffrage.Voter : ServerSuffrage.Nonvoter)));
        cluster.StartAll();
        cluster.Run(cluster.Servers[0].Node!.BootstrapClusterAsync(cluster.Founders));
        VirtualServer leader = cluster.AwaitLeader();
        cluster.AwaitSame();
        foreach (VirtualServer voter in cluster.Servers.Take(3).Where(s => s != leader))
        {
            cluster.Network.CutOneWay(leader.Address, voter.Address);
        }

        Task verified = leader.Node!.VerifyLeaderAsync();
        Task<ulong> read = leader.Node.ReadIndexAsync();

        Assert.That(() => cluster.Run(verified), Throws.TypeOf<NotLeaderException>());
        Assert.That(() => cluster.Run(read), Throws.TypeOf<NotLeaderException>());
    }

    [Test]
    [Reference("a20")]
    public void A_read_index_covers_every_write_that_was_acknowledged_before()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        ApplyResult write = cluster.Run(cluster.Apply(leader, "a"));

        ulong index = cluster.Run(leader.Node!.ReadIndexAsync());

        Assert.That(index, Is.GreaterThanOrEqualTo(write.Index));
    }

    [Test]
    [Reference("a20")]
    public void A_thousand_reads_at_once_share_a_round_of_heartbeats()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        int heartbeats = 0;
        cluster.Network.Filter = (_, _, request) =>
        {
            heartbeats += request is AppendEntriesRequest { IsHeartbeat: true } ? 1 : 0;
            return true;
        };

        Task<ulong>[] reads = [.. Enumerable.Range(0, 1000).Select(_ => leader.Node!.ReadIndexAsync())];
        cluster.Run(Task.WhenAll(reads));

        Assert.That(heartbeats, Is.LessThanOrEqualTo(8));
    }

    [Test]
    [Reference("a21")]
    public void A_read_on_a_new_leader_waits_for_an_entry_of_its_term()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        cluster.Run(cluster.Apply(cluster.Leaders.Single(), "a"));
        cluster.Kill(cluster.Leaders.Single());
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer follower = cluster.Servers.Single(s => s.Node is not null && s != leader);
        follower.Stores.HoldLogWrites = true;

        Task<ulong> read = leader.Node!.ReadIndexAsync();
        cluster.Pass(TimeSpan.FromMilliseconds(300));
        Assert.That(read.IsCompleted, Is.False);
        follower.Stores.ReleaseWrites();

        Assert.That(cluster.Run(read), Is.EqualTo(leader.Node.LastIndex));
    }
}
