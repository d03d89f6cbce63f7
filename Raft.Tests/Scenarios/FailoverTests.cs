using System.Threading.Channels;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Leaders whose process has ended, and leaders of whom it only seems so.</summary>
public sealed class FailoverTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);

    [Test]
    public void When_the_leaders_process_is_killed_another_leads_at_once([Values(3, 5)] int servers, [Range(1, 8)] int seed)
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            servers, s => s.Config = s.Config with { Seed = s.Config.Seed + (seed * 100) });
        VirtualServer old = cluster.Leaders.Single();
        ulong term = old.Node!.Term;
        TimeSpan since = cluster.Clock.Now;

        cluster.KillProcess(old);
        VirtualServer next = cluster.AwaitLeader();
        cluster.Run(cluster.Apply(next, "a"));

        Assert.That(cluster.Clock.Now - since, Is.LessThan(Soon), cluster.Dump());
        Assert.That(next.Node!.Term, Is.LessThanOrEqualTo(term + 2));
    }

    [Test]
    public void Votes_that_were_split_cost_no_election_timer([Range(1, 10)] int seed)
    {
        using VirtualCluster cluster = VirtualCluster.Running(3, s => s.Config = s.Config with { Seed = s.Config.Seed + (seed * 100) });
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != old)];
        TimeSpan since = cluster.Clock.Now;

        // All that goes between the two takes longer than what keeps them apart.
        cluster.Network.RequestDelay = (_, request) =>
            request is RequestVoteRequest or RequestPreVoteRequest ? TimeSpan.FromMilliseconds(25) : default;
        cluster.KillProcess(old);
        cluster.AwaitLeader(others);

        Assert.That(cluster.Clock.Now - since, Is.LessThan(TimeSpan.FromMilliseconds(500)), cluster.Dump());
    }

    [Test]
    public void A_machine_that_vanishes_is_waited_for()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer old = cluster.Leaders.Single();

        cluster.Kill(old);
        cluster.Pass(old.Config.HeartbeatTimeout / 2);

        Assert.That(cluster.Leaders, Is.Empty);
        cluster.AwaitLeader();
    }

    [Test]
    public void With_the_setting_off_the_leader_is_waited_for()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3, s => s.Config = s.Config with { FailoverOnDisconnect = false });
        VirtualServer old = cluster.Leaders.Single();

        cluster.KillProcess(old);
        cluster.Pass(old.Config.HeartbeatTimeout / 2);

        Assert.That(cluster.Leaders, Is.Empty);
    }

    [Test]
    public void Without_pre_votes_too_the_others_are_asked_first()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3, s => s.Config = s.Config with { PreVoteDisabled = true });
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer early = cluster.Servers.First(s => s != old);
        ulong term = old.Node!.Term;
        cluster.Network.Probes = (_, to) => to == old.Address ? ConnectOutcome.Refused : null;

        // One of two only: the other still hears the leader, and would be disturbed by a newer term.
        cluster.Network.EndConnections(old, early);
        cluster.Pass(Soon * 3);

        Assert.That(cluster.Servers.Select(s => s.Node!.Term), Is.All.EqualTo(term));
        Assert.That(cluster.Leaders.Single(), Is.SameAs(old));
    }

    [TestCase(ConnectOutcome.Connected)]
    [TestCase(ConnectOutcome.Unknown)]
    public void Connections_that_end_again_and_again_depose_no_leader_that_takes_new_ones_or_does_not_answer(ConnectOutcome probe)
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        ulong term = leader.Node!.Term;
        cluster.Network.Probes = (_, _) => probe;

        for (int i = 0; i < 100; i++)
        {
            cluster.Network.EndConnections(leader);
            cluster.Pass(TimeSpan.FromMilliseconds(17));
            Assert.That(cluster.Servers.Select(s => s.Node!.Leader.Id), Is.All.EqualTo(leader.Id));
        }

        Assert.That(cluster.Servers.Select(s => s.Node!.Term), Is.All.EqualTo(term));
    }

    [Test]
    public void A_process_that_closes_its_port_a_little_after_its_connections_is_found_out()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer old = cluster.Leaders.Single();
        TimeSpan since = cluster.Clock.Now;
        cluster.Network.Probes = (_, to) => to == old.Address && cluster.Clock.Now - since < TimeSpan.FromMilliseconds(15)
            ? ConnectOutcome.Connected : null;

        cluster.KillProcess(old);
        cluster.AwaitLeader();

        Assert.That(cluster.Clock.Now - since, Is.LessThan(Soon * 1.5), cluster.Dump());
    }

    [Test]
    public void A_leader_that_is_heard_while_its_port_is_tried_is_kept_though_a_firewall_refuses()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        ulong term = leader.Node!.Term;
        cluster.Network.Probes = (_, _) => ConnectOutcome.Refused;
        cluster.Network.ProbeTime = leader.Config.HeartbeatTimeout / 4;

        for (int i = 0; i < 20; i++)
        {
            cluster.Network.EndConnections(leader);
            cluster.Pass(leader.Config.HeartbeatTimeout / 3);
            Assert.That(cluster.Servers.Select(s => s.Node!.Leader.Id), Is.All.EqualTo(leader.Id));
        }

        Assert.That(cluster.Servers.Select(s => s.Node!.Term), Is.All.EqualTo(term));
    }

    [Test]
    public void One_follower_that_is_refused_a_living_leader_follows_it_again_at_its_next_heartbeat()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.First(s => s != leader);
        ulong term = leader.Node!.Term;
        cluster.Network.Probes = (_, _) => ConnectOutcome.Refused;
        var leaders = new List<ServerId>();
        follower.Node!.RegisterObserver(new Observer(Channel.CreateUnbounded<Observation>(), filter: seen =>
        {
            if (seen is LeaderObservation { Id: var id })
            {
                leaders.Add(id);
            }

            return false;
        }));

        cluster.Network.EndConnections(leader, follower);
        cluster.Pass(leader.Config.HeartbeatTimeout);

        Assert.That(leaders, Is.EqualTo(new ServerId[] { default, leader.Id }));
        Assert.That(cluster.Servers.Select(s => s.Node!.Term), Is.All.EqualTo(term));
        Assert.That(cluster.Leaders.Single(), Is.SameAs(leader));
    }

    [Test]
    public void A_candidate_whom_the_others_refuse_as_they_do_not_know_yet_asks_again()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != old)];
        TimeSpan since = cluster.Clock.Now;

        cluster.Kill(old);
        cluster.Network.EndConnections(old, others[0]);
        cluster.Pass(TimeSpan.FromMilliseconds(150));
        Assert.That(cluster.Leaders, Is.Empty, "the other is not told, and protects the leader");
        cluster.Network.EndConnections(old, others[1]);
        cluster.AwaitLeader(others);

        Assert.That(cluster.Clock.Now - since, Is.LessThan(TimeSpan.FromMilliseconds(300)), cluster.Dump());
    }

    [Test]
    public void Whoever_has_the_longer_log_is_not_held_up_by_one_that_cannot_win()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != old)];

        // The first in the configuration's order lacks an entry.
        cluster.Network.Filter = (_, to, request) => to != others[0].Address || request is not AppendEntriesRequest { IsHeartbeat: false };
        cluster.Run(cluster.Apply(old, "a"));
        TimeSpan since = cluster.Clock.Now;
        cluster.KillProcess(old);
        cluster.Network.Filter = null;
        cluster.Await("there is a leader", () => cluster.Leaders.Any());

        Assert.That(cluster.Leaders.Single(), Is.SameAs(others[1]));
        Assert.That(cluster.Clock.Now - since, Is.LessThan(Soon), cluster.Dump());
    }

    [Test]
    public void A_server_without_a_vote_gives_up_the_leader_and_does_not_campaign()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 4, founders: 3);
        VirtualServer nonvoter = cluster.Servers[3];
        VirtualServer leader = cluster.Leaders.Single();
        cluster.Start(nonvoter);
        cluster.Run(leader.Node!.AddNonvoterAsync(nonvoter.Id, nonvoter.Address));
        cluster.Await("it knows the leader", () => nonvoter.Node!.Leader.Id == leader.Id);
        cluster.AwaitSame();
        cluster.Network.Probes = (_, _) => ConnectOutcome.Refused;
        ulong term = leader.Node!.Term;

        cluster.Network.Isolate(leader.Address, [nonvoter.Address]);
        cluster.Network.Heal();
        cluster.Network.EndConnections(leader, nonvoter);
        cluster.Await("it gives up the leader", () => nonvoter.Node!.Leader.Id.IsEmpty, TimeSpan.FromMilliseconds(10));
        cluster.Await("it follows again", () => nonvoter.Node!.Leader.Id == leader.Id, leader.Config.HeartbeatTimeout);

        Assert.That((nonvoter.Node!.State, nonvoter.Node.Term), Is.EqualTo((RaftState.Follower, term)));
    }
}
