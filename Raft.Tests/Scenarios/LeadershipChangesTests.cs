using System.Threading.Channels;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Notifications of leadership: nobody waits for a reader, and the newest is never lost (W33).</summary>
public sealed class LeadershipChangesTests
{
    [Test]
    [Reference("A10", "d18")]
    public void Gain_and_loss_are_told_and_the_loss_at_the_stop_too()
    {
        var told = Channel.CreateUnbounded<bool>();
        using VirtualCluster cluster = VirtualCluster.Running(
            1, server => server.Config = server.Config with { LeadershipNotifications = told });
        RaftNode node = cluster.AwaitLeader().Node!;
        ChannelReader<bool> newest = node.LeadershipChanges;
        bool gained = newest.TryRead(out bool isLeader) && isLeader;

        cluster.Run(node.ShutdownAsync());

        Assert.That(gained, Is.True);
        Assert.That(newest.TryRead(out isLeader), Is.True);
        Assert.That(isLeader, Is.False);
        Assert.That(newest.Completion.IsCompleted, Is.True);
        Assert.That(told.Reader.TryRead(out bool first) && told.Reader.TryRead(out bool second) ? (first, second) : default,
            Is.EqualTo((true, false)));
        Assert.That(told.Reader.TryRead(out _), Is.False);
        Assert.That(told.Reader.Completion.IsCompleted, Is.False, "the channel is the application's");
    }

    [Test]
    public void Whoever_does_not_read_finds_the_newest_and_holds_nothing_up()
    {
        var full = Channel.CreateBounded<bool>(1);
        using VirtualCluster cluster = VirtualCluster.Running(
            3, server => server.Config = server.Config with { LeadershipNotifications = server.Id == "n1" ? full.Writer : null });
        VirtualServer n1 = cluster.Servers[0];
        for (int i = 0; i < 6; i++)
        {
            VirtualServer leader = cluster.AwaitLeader();
            cluster.Run(leader.Node!.TransferLeadershipAsync(leader == n1 ? cluster.Servers[1].Id : n1.Id));
            cluster.Await("it was handed over", () => leader.Node.State == RaftState.Follower && cluster.Leaders.Any());
        }

        bool leads = n1.Node!.State == RaftState.Leader;
        List<bool> told = [];
        for (int i = 0; i < 5; i++)
        {
            while (full.Reader.TryRead(out bool isLeader))
            {
                told.Add(isLeader);
            }

            cluster.Pass(TimeSpan.FromMilliseconds(10));
        }

        Assert.That(told[0], Is.True, "the first gain was told when it came");
        Assert.That(told.Zip(told.Skip(1)).All(pair => pair.First != pair.Second), Is.True, "gain and loss come in turn");
        Assert.That(told[^1], Is.EqualTo(leads), "the newest was told");
        Assert.That(told, Has.Count.InRange(2, 3), "what happened meanwhile is left out");
        Assert.That(n1.Node.LeadershipChanges.TryRead(out bool newest), Is.True);
        Assert.That(newest, Is.EqualTo(leads));
        Assert.That(n1.Node.LeadershipChanges.TryRead(out _), Is.False);
    }

    [Test]
    public void A_channel_that_ended_with_an_error_hears_nothing_and_the_node_goes_on()
    {
        var ended = Channel.CreateUnbounded<bool>();
        ended.Writer.Complete(new IOException("the reader went away"));
        using VirtualCluster cluster = VirtualCluster.Running(
            1, server => server.Config = server.Config with { LeadershipNotifications = ended });
        RaftNode node = cluster.AwaitLeader().Node!;
        cluster.Pass(TimeSpan.FromSeconds(1));

        Assert.That(node.State, Is.EqualTo(RaftState.Leader));
    }

    [Test]
    public void A_full_channel_does_not_keep_the_node_from_stopping()
    {
        var full = Channel.CreateBounded<bool>(1);
        using VirtualCluster cluster = VirtualCluster.Running(
            1, server => server.Config = server.Config with { LeadershipNotifications = full });

        cluster.Run(cluster.AwaitLeader().Node!.ShutdownAsync());

        Assert.That(full.Reader.TryRead(out bool isLeader) && isLeader, Is.True);
    }
}
