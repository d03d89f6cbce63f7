using Raft.Tests.Support;
using static Raft.Tests.Support.LoneFollower;

namespace Raft.Tests.Scenarios;

/// <summary>How one server gives its vote (§5.2, §5.4.1), request by request.</summary>
public sealed class VoterTests
{
    [Test]
    [Reference("d16", "a41")]
    public void A_vote_is_durable_before_it_is_given()
    {
        using var follower = new LoneFollower();
        follower.Disk.HoldRecordWrites = true;

        Answer answer = follower.Send(Vote("n2", term: 2, lastIndex: 1, lastTerm: 1));
        Assert.That(answer.HasCome, Is.False);
        follower.Disk.ReleaseWrites();
        follower.Pass();

        Assert.That(answer.Vote.Granted, Is.True);
        Assert.That(follower.Disk.Record, Is.EqualTo(new TermAndVote(2, "n2", "addr2")));
    }

    [Test]
    public void A_vote_that_waited_while_a_later_term_came_is_not_given()
    {
        using var follower = new LoneFollower();
        follower.Disk.HoldRecordWrites = true;
        Answer first = follower.Send(Vote("n2", term: 2, lastIndex: 1, lastTerm: 1));

        Answer second = follower.Send(Vote("n3", term: 3, lastIndex: 1, lastTerm: 1));
        follower.Disk.ReleaseWrites();
        follower.Pass();

        Assert.That(first.Vote.Granted, Is.False);
        Assert.That(first.Vote.Term, Is.EqualTo(3));
        Assert.That(second.Vote.Granted, Is.True);
    }

    [Test]
    public void A_vote_is_compared_with_the_log_in_memory_durable_or_not()
    {
        using var follower = new LoneFollower();
        follower.Send(Heartbeat("n2", term: 2));
        follower.Disk.HoldLogWrites = true;
        follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2)));
        follower.Cluster.Pass(TimeSpan.FromMinutes(21));

        Answer answer = follower.Send(Vote("n3", term: 99, lastIndex: 1, lastTerm: 1));
        follower.Disk.ReleaseWrites();
        follower.Pass();

        Assert.That(answer.Vote.Term, Is.EqualTo(99));
        Assert.That(answer.Vote.Granted, Is.False);
    }

    [Test]
    [Reference("d15", "d16", "a05")]
    public void A_vote_is_given_once_a_term_across_a_restart()
    {
        using var follower = new LoneFollower();
        Assert.That(follower.Send(Vote("n2", term: 2, lastIndex: 1, lastTerm: 1)).Vote.Granted, Is.True);
        follower.Cluster.Kill(follower.Server);
        follower.Cluster.Start(follower.Server);

        Assert.That(follower.Send(Vote("n3", term: 2, lastIndex: 1, lastTerm: 1)).Vote.Granted, Is.False);
        Assert.That(follower.Send(Vote("n2", term: 2, lastIndex: 1, lastTerm: 1)).Vote.Granted, Is.True);
    }

    [Test]
    public void A_request_of_term_zero_is_answered_and_leaves_no_trace()
    {
        using var cluster = new VirtualCluster(servers: 1);
        VirtualServer blank = cluster.Servers[0];
        cluster.Start(blank);
        RequestVoteResponse? answer = null;

        cluster.Network.Carry(
            "addr2", blank.Address, new RequestVoteRequest(Header("n2")), (r, _) => answer = (RequestVoteResponse)r!);
        cluster.Pass(TimeSpan.FromMilliseconds(10));

        Assert.That(answer!.Granted, Is.False);
        Assert.That(blank.Stores.Record, Is.Null);
    }

    [Test]
    public void A_candidate_without_a_name_and_an_address_gets_no_vote()
    {
        using var follower = new LoneFollower();

        Answer answer = follower.Send(new RequestVoteRequest(new RpcHeader(3, default, default))
        {
            Term = 2,
            LastLogIndex = 9,
            LastLogTerm = 9,
        });

        Assert.That(answer.Vote.Granted, Is.False);
    }

    [Test]
    public void A_candidate_whose_name_does_not_fit_the_record_gets_no_vote()
    {
        using var follower = new LoneFollower();
        string address = new('a', ServerAddress.BytesMax + 1);

        Answer answer = follower.Send(Vote("n2", term: 2, lastIndex: 9, lastTerm: 9) with
        {
            Header = new RpcHeader(3, default, address),
        });

        Assert.That(answer.Vote.Granted, Is.False);
        Assert.That(follower.Disk.Record, Is.EqualTo(new TermAndVote(1)));
    }

    [Test]
    [Reference("a12")]
    public void A_pre_vote_changes_nothing()
    {
        using var follower = new LoneFollower();

        Answer answer = follower.Send(PreVote("n2", term: 7, lastIndex: 1, lastTerm: 1));

        Assert.That(answer.PreVote.Granted, Is.True);
        Assert.That(answer.PreVote.Term, Is.EqualTo(7));
        Assert.That(follower.Node.Term, Is.EqualTo(1));
        Assert.That(follower.Disk.Record, Is.EqualTo(new TermAndVote(1)));
    }
}
