using Raft.Tests.Support;
using static Raft.Tests.Support.LoneFollower;

namespace Raft.Tests.Scenarios;

/// <summary>What a candidate does with what reaches it (§5.2): n1 of three, whose requests for votes nobody answers.</summary>
public sealed class CandidateTests
{
    [Test]
    [Reference("B12", "d14", "a16")]
    public void A_candidate_follows_the_leader_of_its_own_term()
    {
        using VirtualCluster cluster = Campaigning();
        RaftNode node = cluster.Servers[0].Node!;
        ulong term = node.Term;

        Answer answer = Hand(cluster, Append("n2", term, 1, 1, commit: 1, Entries(2, term)));

        Assert.That(answer.Append.Success, Is.True);
        Assert.That((node.State, node.Term, node.Leader.Id), Is.EqualTo((RaftState.Follower, term, (ServerId)"n2")));
    }

    [Test]
    [Reference("B12", "d14", "a12")]
    public void A_candidate_follows_a_newer_term_and_refuses_an_older_one()
    {
        using VirtualCluster cluster = Campaigning();
        RaftNode node = cluster.Servers[0].Node!;
        ulong term = node.Term;

        Answer older = Hand(cluster, Append("n2", term - 1, 1, 1, commit: 1, Entries(2, term - 1)));
        RaftState between = node.State;
        Answer newer = Hand(cluster, Append("n3", term + 3, 1, 1, commit: 1));

        Assert.That((older.Append.Success, older.Append.Term), Is.EqualTo((false, term)));
        Assert.That(between, Is.EqualTo(RaftState.Candidate));
        Assert.That(newer.Append.Success, Is.True);
        Assert.That((node.State, node.Term), Is.EqualTo((RaftState.Follower, term + 3)));
    }

    [Test]
    [Reference("C4")]
    public void A_candidate_gives_no_vote_to_a_server_that_was_removed()
    {
        using VirtualCluster cluster = Campaigning();
        RaftNode node = cluster.Servers[0].Node!;
        ulong term = node.Term;

        Answer answer = Hand(cluster, Vote("n9", term + 7, lastIndex: 0, lastTerm: 0));

        Assert.That(answer.Vote.Granted, Is.False);
        Assert.That((node.State, node.Term), Is.EqualTo((RaftState.Candidate, term)));
    }

    [Test]
    [Reference("d14")]
    public void A_candidate_that_hears_nothing_campaigns_again_in_a_newer_term()
    {
        using VirtualCluster cluster = Campaigning();
        VirtualServer server = cluster.Servers[0];
        ulong term = server.Node!.Term;

        cluster.Await("it campaigns again", () => server.Node.Term == term + 1, 2 * server.Config.ElectionTimeout);

        Assert.That(server.Node.State, Is.EqualTo(RaftState.Candidate));
        Assert.That(server.Stores.Record, Is.EqualTo(new TermAndVote(term + 1, server.Id, server.Address)));
    }

    private static VirtualCluster Campaigning()
    {
        var cluster = new VirtualCluster(servers: 3, s => s.Config = s.Config with { PreVoteDisabled = true });
        VirtualServer server = cluster.Servers[0];
        cluster.Seed(server, term: 1);
        cluster.Start(server, new ScriptedTransport());
        cluster.Await("it campaigns", () => server.Node!.State == RaftState.Candidate);
        return cluster;
    }

    private static Answer Hand(VirtualCluster cluster, RpcRequest request)
    {
        var answer = new Answer();
        LoneFollower.Hand(cluster.Servers[0].Node!, request, answer);
        cluster.Pass(TimeSpan.FromMilliseconds(1));
        return answer;
    }
}
