using System.Threading.Channels;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Reads by promises that the leader asked for, and the voters who keep them.</summary>
public sealed class LeaseTests
{
    private static readonly TimeSpan Promise = TimeSpan.FromMilliseconds(400);

    [Test]
    public void After_the_first_lease_read_the_next_cost_no_message_and_no_time()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        cluster.Run(cluster.Apply(leader, "a"));
        cluster.Run(ReadAsync(leader, ReadConsistency.Lease));
        cluster.Pass(leader.Config.HeartbeatTimeout / 2);

        for (int i = 0; i < 100; i++)
        {
            TimeSpan since = cluster.Clock.Now;
            Assert.That(cluster.Run(ReadAsync(leader, ReadConsistency.Lease)), Is.EqualTo(1));
            Assert.That(cluster.Clock.Now, Is.EqualTo(since));
            cluster.Pass(TimeSpan.FromMilliseconds(37));
        }
    }

    [Test]
    public void A_lease_read_on_a_follower_costs_one_question_and_no_round()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.First(s => s != leader);
        cluster.Run(ReadAsync(follower, ReadConsistency.Lease));
        cluster.Pass(leader.Config.HeartbeatTimeout / 2);
        TimeSpan since = cluster.Clock.Now;
        bool isHeartbeatSent = false;
        cluster.Network.Filter = (_, _, request) =>
        {
            isHeartbeatSent |= cluster.Clock.Now == since && request is AppendEntriesRequest;
            return true;
        };

        cluster.Run(ReadAsync(follower, ReadConsistency.Lease));

        Assert.That(isHeartbeatSent, Is.False);
    }

    [Test]
    public void A_leader_that_is_cut_off_reads_by_its_lease_only_until_that_ends()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer old = cluster.Leaders.Single();
        cluster.Run(ReadAsync(old, ReadConsistency.Lease));
        cluster.Pass(old.Config.HeartbeatTimeout / 2);
        cluster.Network.Isolate(old.Address, cluster.Servers.Select(s => s.Address));
        cluster.Run(ReadAsync(old, ReadConsistency.Lease));

        cluster.Pass(old.Config.LeaderLeaseTimeout - TimeSpan.FromMilliseconds(30));
        Task<int> late = ReadAsync(old, ReadConsistency.Lease);
        cluster.Pass(TimeSpan.FromMilliseconds(10));

        Assert.That(late.IsCompleted, Is.False);
        cluster.Network.Heal();
        cluster.Run(late);
    }

    [Test]
    public void Servers_that_promise_nothing_do_not_count_and_a_majority_is_asked()
    {
        using var cluster = new VirtualCluster(servers: 3);
        cluster.Network.Foreign.UnionWith(cluster.Servers.Select(s => s.Address));
        cluster.StartAll();
        cluster.Run(cluster.Servers[0].Node!.BootstrapClusterAsync(cluster.Founders));
        VirtualServer leader = cluster.AwaitLeader();
        cluster.Run(ReadAsync(leader, ReadConsistency.Lease));
        cluster.Pass(leader.Config.HeartbeatTimeout);
        bool isAsked = false;
        cluster.Network.Filter = (_, _, request) =>
        {
            isAsked |= request is AppendEntriesRequest { Lease.Ticks: > 0 };
            return request is not AppendEntriesRequest;
        };

        Task<int> read = ReadAsync(leader, ReadConsistency.Lease);
        cluster.Pass(TimeSpan.FromMilliseconds(50));

        Assert.That((read.IsCompleted, isAsked), Is.EqualTo((false, false)));
        cluster.Network.Filter = null;
        cluster.Run(read);
    }

    [Test]
    public void A_voter_keeps_its_promise_whatever_it_sees()
    {
        using LoneFollower voter = Promised(term: 3);
        voter.Cluster.Pass(Promise - TimeSpan.FromMilliseconds(50));

        LoneFollower.Answer vote = voter.Send(LoneFollower.Vote("n3", term: 9, lastIndex: 50, lastTerm: 3));
        LoneFollower.Answer sent = voter.Send(LoneFollower.Vote("n3", 9, 50, 3) with { LeadershipTransfer = true });
        LoneFollower.Answer other = voter.Send(LoneFollower.Vote("n3", 9, 50, 3) with { LeadershipTransfer = true, TransferTerm = 2 });
        LoneFollower.Answer self = voter.Send(LoneFollower.Vote("n2", 9, 50, 3));
        LoneFollower.Answer preVote = voter.Send(LoneFollower.PreVote("n3", 9, 50, 3));
        ulong term = voter.Node.Term;
        voter.Cluster.Pass(TimeSpan.FromMilliseconds(60));
        LoneFollower.Answer later = voter.Send(LoneFollower.Vote("n3", 9, 50, 3) with { LeadershipTransfer = true });

        Assert.That(new[] { vote, sent, other, self }.Select(a => a.Vote.Granted), Is.All.False);
        Assert.That((preVote.PreVote.Granted, term), Is.EqualTo((false, 3UL)));
        Assert.That((later.Vote.Granted, voter.Node.Term), Is.EqualTo((true, 9UL)));
    }

    [Test]
    [Reference("a38")]
    public void Whom_the_leader_itself_sent_gets_the_vote_at_once()
    {
        using LoneFollower voter = Promised(term: 3);

        LoneFollower.Answer vote = voter.Send(LoneFollower.Vote("n3", term: 4, lastIndex: 50, lastTerm: 3) with
        {
            LeadershipTransfer = true,
            TransferTerm = 3,
        });

        Assert.That(vote.Vote.Granted, Is.True);
    }

    [Test]
    public void A_voter_that_starts_again_keeps_to_what_it_may_have_promised()
    {
        using LoneFollower voter = Promised(term: 3);
        VirtualCluster cluster = voter.Cluster;
        cluster.Kill(voter.Server);
        cluster.Start(voter.Server);

        LoneFollower.Answer early = voter.Send(LoneFollower.Vote("n3", term: 4, lastIndex: 50, lastTerm: 3));
        cluster.Pass(Promise);
        LoneFollower.Answer late = voter.Send(LoneFollower.Vote("n3", term: 4, lastIndex: 50, lastTerm: 3));

        Assert.That((early.Vote.Granted, late.Vote.Granted), Is.EqualTo((false, true)));
    }

    [Test]
    public void A_shorter_promise_after_a_restart_does_not_make_an_earlier_longer_one_forgotten()
    {
        var longer = TimeSpan.FromSeconds(10);
        using LoneFollower voter = Promised(term: 3, longer);
        VirtualCluster cluster = voter.Cluster;
        cluster.Kill(voter.Server);
        cluster.Start(voter.Server);
        voter.Send(LoneFollower.Heartbeat("n2", term: 3) with { Lease = Promise });
        voter.Send(LoneFollower.Heartbeat("n2", term: 3));
        TimeSpan promised = voter.Send(LoneFollower.Heartbeat("n2", term: 3) with { Lease = longer }).Append.Promise;

        cluster.Kill(voter.Server);
        cluster.Start(voter.Server);
        cluster.Pass(longer / 2);
        LoneFollower.Answer vote = voter.Send(LoneFollower.Vote("n3", term: 4, lastIndex: 50, lastTerm: 3));

        Assert.That((promised, vote.Vote.Granted), Is.EqualTo((longer, false)));
    }

    [Test]
    public void A_TimeoutNow_that_names_no_term_releases_nobody_from_a_promise()
    {
        using LoneFollower voter = Promised(term: 3);

        LoneFollower.Answer nameless = voter.Send(new TimeoutNowRequest(LoneFollower.Header("n2")));
        ulong after = voter.Node.Term;
        voter.Cluster.Pass(Promise);
        LoneFollower.Answer later = voter.Send(new TimeoutNowRequest(LoneFollower.Header("n2")));

        Assert.That((nameless.Error is null, after), Is.EqualTo((false, 3UL)), "it may be of an earlier term of that leader");
        Assert.That((later.Error is null, voter.Node.Term), Is.EqualTo((true, 4UL)));
    }

    [Test]
    public void A_candidate_names_the_term_in_which_the_leader_sent_it_and_none_where_that_named_none()
    {
        ulong? Named(ulong term)
        {
            using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
            VirtualServer leader = cluster.Leaders.Single();
            VirtualServer follower = cluster.Servers.First(s => s != leader);
            ulong? named = null;
            cluster.Network.Filter = (from, _, request) =>
            {
                named = from == follower.Address && request is RequestVoteRequest vote ? vote.TransferTerm : named;
                return true;
            };
            var told = new TimeoutNowRequest(leader.Node!.Core.State.Header) { Term = term == 0 ? 0 : leader.Node.Term };
            cluster.Network.Carry(leader.Address, follower.Address, told, static (_, _) => { });
            cluster.Pass(TimeSpan.FromMilliseconds(20));
            return named;
        }

        Assert.That((Named(0), Named(1)), Is.EqualTo(((ulong?)0, (ulong?)2)));
    }

    [Test]
    public void A_promise_is_durable_before_it_is_given_and_none_is_longer_than_the_voters_own_patience()
    {
        using var voter = new LoneFollower();
        voter.Server.Stores.HoldRecordWrites = true;
        voter.Send(LoneFollower.Heartbeat("n2", term: 3));
        voter.Server.Stores.HoldRecordWrites = false;
        voter.Server.Stores.ReleaseWrites();
        voter.Cluster.Pass(TimeSpan.FromMilliseconds(5));

        AppendEntriesResponse first = voter.Send(LoneFollower.Heartbeat("n2", 3) with { Lease = TimeSpan.FromDays(1) }).Append;
        AppendEntriesResponse second = voter.Send(LoneFollower.Heartbeat("n2", 3) with { Lease = TimeSpan.FromDays(1) }).Append;

        Assert.That((first.Success, first.Promise), Is.EqualTo((true, TimeSpan.Zero)));
        Assert.That(second.Promise, Is.EqualTo(voter.Server.Config.HeartbeatTimeout));
    }

    [Test]
    public void A_leader_that_hands_over_reads_by_its_lease_no_more()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer target = cluster.Servers.First(s => s != old);
        cluster.Run(ReadAsync(old, ReadConsistency.Lease));
        cluster.Pass(old.Config.HeartbeatTimeout / 2);
        cluster.Network.Filter = static (_, _, request) => request is not (RequestVoteRequest or AppendEntriesRequest);

        _ = old.Node!.TransferLeadershipAsync(target.Id);
        cluster.Pass(TimeSpan.FromMilliseconds(20));
        Task<int> read = ReadAsync(old, ReadConsistency.Lease);
        cluster.Pass(TimeSpan.FromMilliseconds(20));

        Assert.That((target.Node!.State, read.IsCompleted), Is.EqualTo((RaftState.Candidate, false)));
    }

    [Test]
    public void A_handover_among_leased_servers_takes_no_longer_than_any()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 5);
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer target = cluster.Servers.First(s => s != old);
        cluster.Run(ReadAsync(old, ReadConsistency.Lease));
        cluster.Pass(old.Config.HeartbeatTimeout / 2);
        TimeSpan since = cluster.Clock.Now;

        cluster.Run(old.Node!.TransferLeadershipAsync(target.Id));
        cluster.Await("the target leads", () => target.Node!.State == RaftState.Leader);

        Assert.That(cluster.Clock.Now - since, Is.LessThan(TimeSpan.FromMilliseconds(100)));
    }

    [Test]
    public void Before_a_server_of_another_library_is_sent_the_promises_have_ended()
    {
        using var cluster = new VirtualCluster(servers: 3);
        VirtualServer go = cluster.Servers[2];
        cluster.Network.Foreign.Add(go.Address);
        cluster.StartAll();
        cluster.Run(cluster.Servers[0].Node!.BootstrapClusterAsync(cluster.Founders));
        if (cluster.AwaitLeader() == go)
        {
            cluster.Run(go.Node!.TransferLeadershipAsync(cluster.Servers[0].Id));
        }

        VirtualServer old = cluster.AwaitLeader(cluster.Servers[0], cluster.Servers[1]);
        cluster.Run(ReadAsync(old, ReadConsistency.Lease));
        cluster.Pass(old.Config.HeartbeatTimeout / 2);
        TimeSpan since = cluster.Clock.Now;
        TimeSpan? toldAt = null;
        cluster.Network.Filter = (_, _, request) =>
        {
            if (request is TimeoutNowRequest told)
            {
                toldAt = cluster.Clock.Now;
                Assert.That(told.Term, Is.Zero);
            }

            return true;
        };

        cluster.Run(old.Node!.TransferLeadershipAsync(go.Id));

        Assert.That(toldAt - since, Is.GreaterThan(old.Config.LeaderLeaseTimeout / 2));
        cluster.Await("it leads", () => go.Node!.State == RaftState.Leader);
    }

    [Test]
    public void TimeoutNow_of_another_term_is_refused()
    {
        using var follower = new LoneFollower();
        follower.Send(LoneFollower.Heartbeat("n2", term: 3));

        LoneFollower.Answer old = follower.Send(new TimeoutNowRequest(LoneFollower.Header("n2")) { Term = 2 });
        ulong after = follower.Node.Term;
        LoneFollower.Answer present = follower.Send(new TimeoutNowRequest(LoneFollower.Header("n2")) { Term = 3 });

        Assert.That((old.Error is null, after), Is.EqualTo((false, 3UL)));
        Assert.That((present.Error is null, follower.Node.Term), Is.EqualTo((true, 4UL)));
    }

    [Test]
    public void A_voter_does_not_campaign_while_its_promise_lasts_though_its_patience_is_shorter_by_now()
    {
        using LoneFollower voter = Promised(term: 3, lease: TimeSpan.FromSeconds(10));
        var campaigned = new List<TimeSpan>();
        TimeSpan since = voter.Cluster.Clock.Now;
        voter.Node.RegisterObserver(new Observer(
            Channel.CreateUnbounded<Observation>(),
            filter: seen =>
            {
                if (seen is RaftStateObservation { State: RaftState.Candidate })
                {
                    campaigned.Add(voter.Cluster.Clock.Now - since);
                }

                return false;
            }));
        voter.Cluster.Run(voter.Node.ReloadConfigAsync(voter.Node.ReloadableConfig with
        {
            HeartbeatTimeout = TimeSpan.FromMilliseconds(500),
            ElectionTimeout = TimeSpan.FromMilliseconds(500),
        }));
        voter.Cluster.Pass(TimeSpan.FromSeconds(12));

        Assert.That(campaigned, Is.Not.Empty);
        Assert.That(campaigned[0], Is.InRange(TimeSpan.FromSeconds(9.9), TimeSpan.FromSeconds(11.1)));
    }

    /// <summary>A voter that has promised its leader, n2, not to elect anybody else for a time.</summary>
    private static LoneFollower Promised(ulong term, TimeSpan? lease = null)
    {
        var voter = new LoneFollower();
        TimeSpan promise = lease ?? Promise;
        voter.Send(LoneFollower.Heartbeat("n2", term));
        voter.Send(LoneFollower.Heartbeat("n2", term) with { Lease = promise });
        Assert.That(voter.Send(LoneFollower.Heartbeat("n2", term) with { Lease = promise }).Append.Promise, Is.EqualTo(promise));
        return voter;
    }

    private static Task<int> ReadAsync(VirtualServer server, ReadConsistency consistency) =>
        server.Node!.ReadAsync<CountingFsm, int>(consistency, static fsm => fsm.Applied.Count);
}
