using Raft.Storage;
using Raft.Tests.Support;
using static Raft.Tests.Support.LoneFollower;

namespace Raft.Tests.Scenarios;

/// <summary>Who campaigns and who does not, and what answers to a campaign are worth (§5.2, thesis 4.2.2 and 9.6).</summary>
public sealed class CampaignTests
{
    [TestCase(true)]
    [TestCase(false)]
    [Reference("a07")]
    public void Who_has_no_vote_asks_for_none_in_a_hundred_timeouts(bool isRemoved)
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer gone = cluster.Servers.First(s => s != leader);
        ulong index = cluster.Run(
            isRemoved ? leader.Node!.RemoveServerAsync(gone.Id) : leader.Node!.DemoteVoterAsync(gone.Id)).Index;
        cluster.Await("it knows", () => gone.Node!.CommitIndex >= index);
        ulong term = gone.Node!.Term;
        int asked = 0;
        cluster.Network.Filter = (from, to, request) =>
        {
            asked += from == gone.Address && request is RequestVoteRequest or RequestPreVoteRequest ? 1 : 0;
            return from != gone.Address && to != gone.Address;
        };

        cluster.Pass(100 * gone.Config.HeartbeatTimeout);

        Assert.That((asked, gone.Node.State, gone.Node.Term), Is.EqualTo((0, RaftState.Follower, term)));
    }

    [Test]
    [Reference("a08")]
    public void A_leader_that_is_told_to_campaign_goes_on_leading_in_its_term()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        ulong term = leader.Node!.Term;
        var answer = new Answer();
        var own = new Answer();

        Hand(leader.Node, new TimeoutNowRequest(Header(cluster.Servers.First(s => s != leader).Id.Value!)), answer);
        Hand(leader.Node, new TimeoutNowRequest(Header(leader.Id.Value!)), own);
        cluster.Pass(TimeSpan.FromSeconds(3));

        Assert.That(new[] { answer.Error, own.Error }, Is.All.Not.Null);
        Assert.That((leader.Node.State, leader.Node.Term), Is.EqualTo((RaftState.Leader, term)));
    }

    [Test]
    [Reference("a08", "c26")]
    public void A_server_goes_by_the_members_in_its_log_however_far_its_state_machine_is()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer gone = cluster.Servers.First(s => s != leader);
        ulong applied = gone.Node!.AppliedIndex;
        cluster.BlockFsm = true;
        Task removed = leader.Node!.RemoveServerAsync(gone.Id);
        cluster.Await("it knows", () => gone.Node.CommitIndex > applied);
        int asked = 0;
        cluster.Network.Filter = (from, to, request) =>
        {
            asked += from == gone.Address && request is RequestVoteRequest or RequestPreVoteRequest ? 1 : 0;
            return from != gone.Address && to != gone.Address;
        };

        cluster.Pass(10 * gone.Config.HeartbeatTimeout);

        Assert.That((asked, gone.Node.AppliedIndex), Is.EqualTo((0, applied)));
        cluster.BlockFsm = false;
        cluster.Run(removed);
    }

    [Test]
    [Reference("a12")]
    public void Granted_pre_votes_that_name_the_next_term_lead_to_a_campaign_in_it()
    {
        using var cluster = new VirtualCluster(servers: 3);
        VirtualServer server = cluster.Servers[0];
        cluster.Seed(server, term: 4);
        RaftNode node = cluster.Start(server, new ScriptedTransport { Grants = true });

        cluster.Await("it leads", () => node.State == RaftState.Leader, 2 * server.Config.HeartbeatTimeout);

        Assert.That(server.Stores.Record, Is.EqualTo(new TermAndVote(5, server.Id, server.Address)));
        cluster.Run(node.ShutdownAsync());
        server.Node = null;
    }

    [TestCase("heartbeat", true)]
    [TestCase("entries", true)]
    [TestCase("snapshot", true)]
    [TestCase("vote", false)]
    [Reference("a12")]
    public void A_newer_term_comes_with_its_leader_where_a_leader_brings_it_and_without_one_where_a_candidate_does(
        string what, bool isLeaders)
    {
        using var follower = new LoneFollower();
        follower.Send(Heartbeat("n3", term: 2));

        switch (what)
        {
            case "heartbeat":
                follower.Send(Heartbeat("n2", term: 9));
                break;
            case "entries":
                follower.Send(Append("n2", 9, 1, 1, commit: 1, Entries(2, 9)));
                break;
            case "snapshot":
                follower.SendSnapshot("n2", term: 9, index: 5, lastTerm: 8, "1\t1\tone\n");
                break;
            default:
                follower.Send(Vote("n2", term: 9, lastIndex: 1, lastTerm: 1) with { LeadershipTransfer = true });
                break;
        }

        Assert.That(follower.Node.Term, Is.EqualTo(9));
        Assert.That(follower.Node.Leader.Id, Is.EqualTo(isLeaders ? (ServerId)"n2" : default));
    }

    [Test]
    [Reference("a14", "g08")]
    public void A_candidate_that_a_majority_refuses_follows_again_at_once_in_its_own_term()
    {
        using var cluster = new VirtualCluster(servers: 3, s => s.Config = s.Config with { PreVoteDisabled = true });
        VirtualServer server = cluster.Servers[0];
        cluster.Seed(server, term: 1);
        RaftNode node = cluster.Start(server, new ScriptedTransport
        {
            Votes = request => new RequestVoteResponse(Header("n2")) { Term = request.Term, Granted = false },
        });

        cluster.Await("it campaigned", () => server.Stores.Record!.Term == 2);
        cluster.Pass(TimeSpan.FromMilliseconds(1));

        Assert.That((node.State, node.Term), Is.EqualTo((RaftState.Follower, 2UL)));
    }

    [Test]
    [Reference("a15")]
    public void Pre_votes_that_come_late_are_no_votes()
    {
        using var cluster = new VirtualCluster(servers: 3);
        cluster.StartAll();
        VirtualServer candidate = cluster.Servers[0];
        VirtualServer late = cluster.Servers[2];
        int lateAnswers = 0;
        cluster.Network.Filter = (_, _, request) => request is not RequestVoteRequest;
        cluster.Network.AnswerDelay = (from, request) =>
        {
            bool isLate = from == late.Address && request is RequestPreVoteRequest;
            lateAnswers += isLate ? 1 : 0;
            return TimeSpan.FromMilliseconds(isLate ? 300 : 0);
        };
        cluster.Run(candidate.Node!.BootstrapClusterAsync(cluster.Founders));

        cluster.Await("it campaigns", () => candidate.Node.Term == 2);
        cluster.Pass(TimeSpan.FromMilliseconds(400));

        Assert.That(lateAnswers, Is.EqualTo(1));
        Assert.That((candidate.Node.State, candidate.Node.Term), Is.EqualTo((RaftState.Candidate, 2UL)));
    }

    [Test]
    [Reference("a15")]
    public void A_candidate_that_a_stranger_tells_to_campaign_stays_in_its_term()
    {
        using var cluster = new VirtualCluster(servers: 3, s => s.Config = s.Config with { PreVoteDisabled = true });
        VirtualServer server = cluster.Servers[0];
        cluster.Seed(server, term: 1);
        RaftNode node = cluster.Start(server, new ScriptedTransport());
        cluster.Await("it campaigns", () => node.State == RaftState.Candidate);
        var answer = new Answer();

        Hand(node, new TimeoutNowRequest(Header("n2")), answer);
        cluster.Pass(TimeSpan.FromMilliseconds(10));

        Assert.That(answer.Error, Is.Not.Null);
        Assert.That((node.State, node.Term), Is.EqualTo((RaftState.Candidate, 2UL)));
    }

    [Test]
    [Reference("g11")]
    public void A_removed_server_that_its_leader_tells_to_campaign_does_nothing()
    {
        using var follower = new LoneFollower();
        var others = new ClusterConfiguration(follower.Cluster.Founders.Servers.Where(s => s.Id != follower.Server.Id));
        follower.Send(Append("n2", 2, 1, 1, commit: 2, new LogSlice(LogBatchBuilder.Single(
            2, 2, LogType.Configuration, ConfigurationEncoding.Encode(others), LogTimestamp.Zero))));

        Answer answer = follower.Send(new TimeoutNowRequest(Header("n2")));

        Assert.That(answer.Error, Is.Not.Null);
        Assert.That((follower.Node.State, follower.Node.Term), Is.EqualTo((RaftState.Follower, 2UL)));
    }

    [TestCase(false)]
    [TestCase(true)]
    [Reference("g09")]
    public void A_server_that_its_leaders_snapshot_does_not_name_takes_it_and_is_no_member(bool isBlank)
    {
        using var follower = new LoneFollower(isBlank: isBlank);
        var others = new ClusterConfiguration(follower.Cluster.Founders.Servers.Where(s => s.Id != follower.Server.Id));

        Answer answer = follower.SendSnapshot("n2", term: 3, index: 9, lastTerm: 2, "1\t1\tone\n", members: others);
        Answer behind = follower.Send(Append("n2", 3, 9, 2, commit: 9, Entries(10, 3)));
        follower.Cluster.Pass(TimeSpan.FromHours(1));

        Assert.That(((InstallSnapshotResponse)answer.Response!).Success, Is.True);
        Assert.That(behind.Append.Success, Is.True, "the snapshot's last entry is known to stand before it");
        Assert.That(follower.Node.Core.State.Configuration, Is.EqualTo(others));
        Assert.That(follower.Node.Core.State.IsRemoved, Is.True);
        Assert.That(follower.Disk.Entries.Select(e => e.Index), Is.EqualTo(new[] { 10UL }));
        Assert.That((follower.Node.State, follower.Node.Term), Is.EqualTo((RaftState.Follower, 3UL)));
    }
}
