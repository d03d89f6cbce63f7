using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>What time alone makes servers do: campaigns, heartbeats, and nothing else (§5.2).</summary>
public sealed class ClockTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);

    [Test]
    [Reference("a01")]
    public void Nothing_happens_while_the_clock_stands_and_in_two_timeouts_there_is_one_campaign()
    {
        using var cluster = new VirtualCluster(servers: 3);
        VirtualServer server = cluster.Servers[0];
        cluster.Seed(server, term: 1);
        int asked = 0;
        RaftNode node = cluster.Start(server, new ScriptedTransport { PreVotes = _ => Unanswered(ref asked) });

        cluster.Pass(TimeSpan.Zero);
        int atOnce = asked;
        cluster.Pass(server.Config.HeartbeatTimeout - Moment);
        int inTime = asked;
        cluster.Pass(server.Config.HeartbeatTimeout);

        Assert.That((atOnce, inTime), Is.EqualTo((0, 0)));
        Assert.That(asked, Is.EqualTo(2), "each of the two others was asked once");
        Assert.That((node.State, node.Term), Is.EqualTo((RaftState.Follower, 1UL)));
    }

    [Test]
    [Reference("a02")]
    public void A_leader_sends_each_follower_a_heartbeat_each_tenth_to_fifth_of_the_timeout_and_followers_send_none()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        var sent = new Dictionary<(ServerAddress From, ServerAddress To), int>();
        cluster.Network.Filter = (from, to, request) =>
        {
            if (request is AppendEntriesRequest { IsHeartbeat: true })
            {
                sent[(from, to)] = sent.GetValueOrDefault((from, to)) + 1;
            }

            return true;
        };

        cluster.Pass(10 * leader.Config.HeartbeatTimeout);

        Assert.That(sent.Keys.Select(k => k.From), Is.All.EqualTo(leader.Address));
        Assert.That(sent.Values, Has.Count.EqualTo(2).And.All.InRange(48, 100));
    }

    [TestCase(false)]
    [TestCase(true)]
    [Reference("a03")]
    public void The_time_to_the_next_campaign_is_drawn_anew_each_time(bool isAsking)
    {
        using var cluster = new VirtualCluster(servers: 3, s => s.Config = s.Config with { PreVoteDisabled = !isAsking });
        VirtualServer server = cluster.Servers[0];
        TimeSpan timeout = server.Config.ElectionTimeout;
        cluster.Seed(server, term: 1);
        int asked = 0;
        RaftNode node = cluster.Start(server, new ScriptedTransport { PreVotes = _ => Unanswered(ref asked) });

        // Who asks first is refused, and waits as a follower; who does not is not answered, and waits as a candidate.
        var campaigns = new List<TimeSpan>();
        for (int count = 1; count <= 41; count++)
        {
            cluster.Await("it campaigns", () => isAsking ? asked == 2 * count : node.Term == (ulong)count + 1);
            campaigns.Add(cluster.Clock.Now);
        }

        TimeSpan[] waits = [.. campaigns.Zip(campaigns.Skip(1), (before, after) => after - before)];
        Assert.That(waits.Min(), Is.GreaterThan(timeout - Moment).And.LessThan(1.2 * timeout));
        Assert.That(waits.Max(), Is.LessThan((2 * timeout) + Moment).And.GreaterThan(1.8 * timeout));
        Assert.That(waits.Distinct().Count(), Is.GreaterThan(30));
    }

    [Test]
    [Reference("a14", "g12")]
    public void A_server_alone_leads_at_the_end_of_its_first_wait_and_takes_a_write_at_once()
    {
        using var cluster = new VirtualCluster(servers: 1);
        cluster.StartAll();
        VirtualServer server = cluster.Servers[0];
        TimeSpan began = cluster.Clock.Now;
        cluster.Run(server.Node!.BootstrapClusterAsync(cluster.Founders));

        cluster.Await("it leads", () => server.Node.State == RaftState.Leader, 2 * server.Config.HeartbeatTimeout);
        TimeSpan led = cluster.Clock.Now;
        ApplyResult written = cluster.Run(cluster.Apply(server, "a"));

        Assert.That(led - began, Is.LessThanOrEqualTo(2 * server.Config.HeartbeatTimeout));
        Assert.That((written.Term, cluster.Clock.Now - led), Is.EqualTo((2UL, TimeSpan.Zero)));
    }

    [Test]
    [Reference("b02")]
    public void Three_founders_that_are_started_together_have_a_leader_within_three_election_timeouts([Range(1, 20)] int seed)
    {
        using VirtualCluster cluster = Founded(servers: 3, seed);
        TimeSpan began = cluster.Clock.Now;

        VirtualServer leader = cluster.AwaitLeader();

        Assert.That(cluster.Clock.Now - began, Is.LessThan(3 * leader.Config.ElectionTimeout));
    }

    [Test]
    [Reference("j06")]
    public void A_split_vote_among_five_servers_is_followed_by_less_than_one_and_a_half_rounds_on_average()
    {
        const int Elections = 100;
        var rounds = new List<ulong>();
        for (int seed = 1; seed <= Elections; seed++)
        {
            using VirtualCluster cluster = Founded(servers: 5, seed, s => s.Config = s.Config with { PreVoteDisabled = true });

            // In term 2 all vote for themselves. From then on the ways are long, so that votes are split by chance again.
            var random = new Random(seed);
            cluster.Network.Filter = (_, _, request) => request is not RequestVoteRequest { Term: 2 };
            cluster.Network.RequestDelay = (_, _) => TimeSpan.FromMilliseconds(random.Next(300));
            VirtualServer leader = cluster.AwaitLeader();
            Assert.That(cluster.Servers.Select(s => s.Node!.Term), Is.All.GreaterThanOrEqualTo(2UL));
            rounds.Add(leader.Node!.Term - 2);
        }

        TestContext.Out.WriteLine($"{rounds.Average(r => (double)r)} rounds, at most {rounds.Max()}");
        Assert.That(rounds.Min(), Is.GreaterThan(0));
        Assert.That(rounds.Max(), Is.GreaterThan(1), "votes were split again");
        Assert.That(rounds.Average(r => (double)r), Is.LessThan(1.5));
    }

    [Test]
    [Reference("g16")]
    public void Servers_that_nobody_asks_for_anything_write_nothing()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        cluster.Run(cluster.Apply(cluster.Leaders.Single(), "a"));
        cluster.AwaitSame();
        string[][] before = [.. cluster.Servers.Select(s => s.Stores.History.ToArray())];

        cluster.Pass(TimeSpan.FromMinutes(5));

        Assert.That(cluster.Servers.Select(s => s.Stores.History.ToArray()), Is.EqualTo(before));
    }

    private static RequestPreVoteResponse Unanswered(ref int asked)
    {
        asked++;
        throw new TransportException(TransportFailure.Unreachable, "connection refused");
    }

    /// <summary>Blank servers, of seeds of their own, which were all given the same list of founders.</summary>
    private static VirtualCluster Founded(int servers, int seed, Action<VirtualServer>? prepare = null)
    {
        var cluster = new VirtualCluster(servers, s =>
        {
            s.Config = s.Config with { Seed = (100 * seed) + int.Parse(s.Id.Value![1..]) };
            prepare?.Invoke(s);
        });
        cluster.StartAll();
        foreach (VirtualServer server in cluster.Servers)
        {
            cluster.Run(server.Node!.BootstrapClusterAsync(cluster.Founders));
        }

        return cluster;
    }
}
