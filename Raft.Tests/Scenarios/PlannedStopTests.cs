using System.Collections.Immutable;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Leaders that are stopped as planned, and leaders that another is preferred to.</summary>
public sealed class PlannedStopTests
{
    [Test]
    public void A_leader_that_is_stopped_hands_over_first_and_loses_nothing()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != old)];
        Task<ApplyResult>[] writes = [.. Enumerable.Range(0, 50).Select(i => cluster.Apply(old, $"{i}"))];
        cluster.Pass(TimeSpan.FromMilliseconds(1));
        TimeSpan since = cluster.Clock.Now;

        Task stopped = old.Node!.StopAsync();
        Task<ApplyResult> late = cluster.Apply(old, "late");
        cluster.Await("another leads", () => others.Any(s => s.Node!.State == RaftState.Leader));

        Assert.That(cluster.Clock.Now - since, Is.LessThan(TimeSpan.FromMilliseconds(100)));
        cluster.Run(stopped);
        old.Node = null;
        Assert.That(writes.Select(t => t.IsCompletedSuccessfully), Is.All.True);
        Assert.That(() => cluster.Run(late), Throws.TypeOf<LeadershipTransferInProgressException>());
        cluster.AwaitSame();
        Assert.That(others[0].Fsm.Applied.Select(a => a.Command), Is.EqualTo(Enumerable.Range(0, 50).Select(i => $"{i}")));
    }

    [Test]
    public void A_leader_to_whom_nobody_listens_stops_after_an_election_timeout_and_one_alone_at_once()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        cluster.Network.Filter = static (_, _, request) => request is not TimeoutNowRequest;
        TimeSpan since = cluster.Clock.Now;
        cluster.Run(leader.Node!.StopAsync());
        leader.Node = null;
        Assert.That(cluster.Clock.Now - since, Is.InRange(leader.Config.ElectionTimeout / 2, leader.Config.ElectionTimeout * 1.1));

        using VirtualCluster single = VirtualCluster.Running(servers: 1);
        VirtualServer alone = single.Leaders.Single();
        since = single.Clock.Now;
        single.Run(alone.Node!.StopAsync());
        alone.Node = null;
        Assert.That(single.Clock.Now, Is.EqualTo(since));
    }

    [Test]
    public void A_stop_that_is_no_longer_to_wait_is_one_at_once()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        cluster.Network.Filter = static (_, _, request) => request is not TimeoutNowRequest;
        using var atOnce = new CancellationTokenSource();
        Task stopped = leader.Node!.StopAsync(atOnce.Token);
        cluster.Pass(TimeSpan.FromMilliseconds(100));
        Assert.That(stopped.IsCompleted, Is.False);

        TimeSpan since = cluster.Clock.Now;
        atOnce.Cancel();
        cluster.Run(stopped);
        leader.Node = null;

        Assert.That(cluster.Clock.Now, Is.EqualTo(since));
    }

    [Test]
    public void A_follower_that_is_stopped_stops_at_once()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer follower = cluster.Servers.First(s => !cluster.Leaders.Contains(s));
        TimeSpan since = cluster.Clock.Now;

        cluster.Run(follower.Node!.StopAsync());
        follower.Node = null;

        Assert.That(cluster.Clock.Now, Is.EqualTo(since));
    }

    [Test]
    public void Who_is_preferred_leads_once_it_is_steady_and_stays_and_takes_over_again_when_it_comes_back()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3, Preferring("n3"));
        VirtualServer preferred = cluster.Servers[2];
        cluster.Await("the preferred one leads", () => preferred.Node!.State == RaftState.Leader);
        ulong term = preferred.Node!.Term;
        cluster.Pass(TimeSpan.FromSeconds(30));
        Assert.That((preferred.Node.State, preferred.Node.Term), Is.EqualTo((RaftState.Leader, term)));

        cluster.Kill(preferred);
        VirtualServer other = cluster.AwaitLeader();
        cluster.Run(cluster.Apply(other, "meanwhile"));
        cluster.Pass(TimeSpan.FromSeconds(10));
        Assert.That(other.Node!.State, Is.EqualTo(RaftState.Leader), "who is down is not waited for");
        cluster.Start(preferred);

        cluster.Await("it leads again", () => preferred.Node!.State == RaftState.Leader);
        Assert.That(preferred.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "meanwhile" }));
    }

    [Test]
    public void Who_is_preferred_and_does_not_take_over_is_asked_ever_more_seldom()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3, Preferring("n2"));
        int told = 0;
        if (cluster.Leaders.Single() == cluster.Servers[1])
        {
            cluster.Run(cluster.Servers[1].Node!.TransferLeadershipAsync("n1"));
        }

        cluster.Network.Filter = (_, _, request) =>
        {
            told += request is TimeoutNowRequest ? 1 : 0;
            return request is not TimeoutNowRequest;
        };
        cluster.Pass(TimeSpan.FromMinutes(5));

        Assert.That(told, Is.InRange(3, 9));
    }

    private static Action<VirtualServer> Preferring(ServerId id) => server => server.Config = server.Config with
    {
        LeaderPriorities = ImmutableDictionary<ServerId, int>.Empty.Add(id, 1),
    };
}
