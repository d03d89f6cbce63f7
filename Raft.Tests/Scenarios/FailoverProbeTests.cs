using System.Threading.Channels;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>When a follower tries the port of a leader whose connections have ended, and what it makes of a transport that does not answer.</summary>
public sealed class FailoverProbeTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan AWhile = TimeSpan.FromMilliseconds(50);

    [Test]
    public void A_leader_is_tried_no_more_often_than_every_10_ms_however_often_its_connections_end()
    {
        using var voter = new LoneFollower();
        voter.Send(LoneFollower.Heartbeat("n2", term: 3));
        var at = new List<TimeSpan>();
        voter.Cluster.Network.ProbeTime = Tick;
        voter.Cluster.Network.Probes = (_, _) =>
        {
            at.Add(voter.Cluster.Clock.Now);
            return ConnectOutcome.Connected;
        };

        for (int i = 0; i < 200; i++)
        {
            End(voter);
            voter.Cluster.Pass(Tick);
        }

        Assert.That(at, Has.Count.InRange(10, 21));
        Assert.That(at.Zip(at.Skip(1), static (one, next) => (next - one).TotalMilliseconds), Is.All.GreaterThanOrEqualTo(10));
    }

    [Test]
    public void While_an_append_waits_for_the_disk_to_catch_up_the_leader_is_not_given_up()
    {
        using var voter = new LoneFollower(limits: new RaftLimits { UndurableBytesMax = 1 });
        voter.Send(LoneFollower.Heartbeat("n2", term: 3));
        voter.Disk.HoldLogWrites = true;
        voter.Send(LoneFollower.Append("n2", 3, 1, 1, 1, LoneFollower.Entries(2, 3)));

        voter.Hand(LoneFollower.Append("n2", 3, 2, 3, 1, LoneFollower.Entries(3, 3)), new LoneFollower.Answer());
        End(voter);
        voter.Cluster.Pass(AWhile);
        (ServerId Leader, ulong LastIndex) meanwhile = (voter.Node.Leader.Id, voter.Node.LastIndex);
        voter.Disk.ReleaseWrites();
        voter.Cluster.Pass(AWhile);

        Assert.That(meanwhile, Is.EqualTo(((ServerId)"n2", 2UL)));
        Assert.That((voter.Node.Leader.Id.IsEmpty, voter.Node.LastIndex), Is.EqualTo((true, 3UL)), "nothing listens at n2");
    }

    [Test]
    public void While_a_snapshot_waits_for_its_term_to_be_durable_the_leader_is_not_given_up()
    {
        using var voter = new LoneFollower();
        voter.Send(LoneFollower.Heartbeat("n2", term: 3));
        voter.Disk.HoldRecordWrites = true;
        voter.SendSnapshot("n2", term: 4, index: 50, lastTerm: 3, "state");

        End(voter);
        voter.Cluster.Pass(AWhile);
        ServerId meanwhile = voter.Node.Leader.Id;
        voter.Disk.ReleaseWrites();
        voter.Cluster.Pass(AWhile);

        Assert.That(meanwhile, Is.EqualTo((ServerId)"n2"));
        Assert.That(voter.Node.Leader.Id.IsEmpty, Is.True, "nothing listens at n2");
    }

    [Test]
    public void A_transport_that_fails_to_try_tells_nothing_and_stops_no_node()
    {
        using var voter = new LoneFollower();
        voter.Send(LoneFollower.Heartbeat("n2", term: 3));
        voter.Cluster.Network.Probes = (_, _) => throw new InvalidOperationException("a transport of another's");

        End(voter);
        voter.Cluster.Pass(TimeSpan.FromSeconds(1));

        Assert.That((voter.Node.Leader.Id, voter.Node.State), Is.EqualTo(((ServerId)"n2", RaftState.Follower)));
    }

    [Test]
    public void A_transport_that_never_ends_what_it_tries_is_asked_again_when_connections_end_again()
    {
        using var voter = new LoneFollower();
        voter.Send(LoneFollower.Heartbeat("n2", term: 3));
        voter.Cluster.Network.ProbesHang = true;
        End(voter);
        voter.Cluster.Pass(TimeSpan.FromSeconds(10));
        ServerId meanwhile = voter.Node.Leader.Id;

        voter.Cluster.Network.ProbesHang = false;
        End(voter);
        voter.Cluster.Pass(AWhile);

        Assert.That(meanwhile, Is.EqualTo((ServerId)"n2"));
        Assert.That(voter.Node.Leader.Id.IsEmpty, Is.True, "nothing listens at n2");
    }

    [Test]
    public void A_node_stops_though_its_transport_does_not_end_what_it_tries()
    {
        using var voter = new LoneFollower();
        voter.Send(LoneFollower.Heartbeat("n2", term: 3));
        voter.Cluster.Network.ProbesHang = true;
        End(voter);
        voter.Cluster.Pass(AWhile);

        Task stop = voter.Node.StopAsync();
        voter.Cluster.Pass(AWhile);

        Assert.That(stop.IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public void Settings_that_are_reloaded_while_a_candidate_asks_again_do_not_lengthen_its_time()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != leader)];
        TimeSpan heartbeat = leader.Config.HeartbeatTimeout;
        int asked = 0;
        cluster.Network.Filter = (from, _, request) =>
        {
            asked += request is RequestPreVoteRequest && from == others[0].Address ? 1 : 0;
            return true;
        };

        // It alone hears the leader no more, and is refused: the other protects the leader.
        cluster.Network.Probes = (_, _) => ConnectOutcome.Refused;
        cluster.Network.EndConnections(leader, others[0]);
        cluster.Pass(Tick * 2);
        cluster.Network.CutOneWay(leader.Address, others[0].Address);
        cluster.Await("it campaigns", () => others[0].Node!.State == RaftState.Candidate, AWhile * 2);
        cluster.Run(others[0].Node!.ReloadConfigAsync(others[0].Node!.ReloadableConfig with { ElectionTimeout = heartbeat * 20 }));
        cluster.Pass(heartbeat / 2);
        int again = asked;
        cluster.Pass(heartbeat * 2);
        asked = 0;
        cluster.Pass(heartbeat * 5);

        Assert.That(again, Is.GreaterThan(4), "it asks again and again");
        Assert.That(asked, Is.LessThanOrEqualTo(4), "and once more each time that an election timer runs out");
    }

    [Test]
    public void Who_campaigns_again_after_split_votes_does_not_wait_for_the_leader_that_is_gone()
    {
        var waits = new List<double>();
        for (int seed = 1; seed <= 20; seed++)
        {
            using VirtualCluster cluster = VirtualCluster.Running(3, s => s.Config = s.Config with { Seed = s.Config.Seed + (seed * 100) });
            VirtualServer gone = cluster.Servers[0];
            if (cluster.Leaders.Single() is var leader && leader != gone)
            {
                cluster.Run(leader.Node!.TransferLeadershipAsync(gone.Id));
                cluster.Await("the first of the configuration leads", () => gone.Node!.State == RaftState.Leader);
                cluster.AwaitSame();
            }

            // The next in the configuration: nobody that is left comes before it.
            TimeSpan? since = null;
            cluster.Servers[1].Node!.RegisterObserver(new Observer(Channel.CreateUnbounded<Observation>(), filter: seen =>
            {
                if (seen is RaftStateObservation { State: RaftState.Candidate } && since is { } split)
                {
                    waits.Add((cluster.Clock.Now - split).TotalMilliseconds);
                }

                since = seen is RaftStateObservation { State: RaftState.Follower } ? cluster.Clock.Now : null;
                return false;
            }));
            cluster.Network.RequestDelay = (_, request) =>
                request is RequestVoteRequest or RequestPreVoteRequest ? TimeSpan.FromMilliseconds(25) : default;

            cluster.KillProcess(gone);
            cluster.AwaitLeader([.. cluster.Servers.Skip(1)]);
        }

        // Twice what chance adds, 20 ms at most.
        Assert.That(waits, Has.Count.GreaterThan(3).And.All.LessThanOrEqualTo(41), "some elections are split");
    }

    private static void End(LoneFollower voter) => ((IRpcReceiver)voter.Node.Core.Inbox).Disconnected("n2");
}
