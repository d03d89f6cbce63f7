using Raft.Storage;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>
/// Voters of a version that does not know pre-votes (Go before 1.7): n1 of two, whose other voter is what the test says.
/// </summary>
public sealed class OldVotersTests
{
    private static readonly RpcHeader Nameless = new(3, default, default);

    [Test]
    [Reference("C8", "M3")]
    public void A_voter_that_ends_the_connection_on_a_pre_vote_and_answers_a_vote_counts_as_willing()
    {
        var asked = new List<ulong>();
        using VirtualCluster cluster = Campaigning(new ScriptedTransport
        {
            PreVotes = _ => throw Ended(TransportFailure.Closed),
            Votes = request =>
            {
                asked.Add(request.Term);
                return new RequestVoteResponse(Nameless) { Term = Math.Max(1, request.Term), Granted = request.Term > 1 };
            },
        });

        RaftNode node = cluster.Servers[0].Node!;
        cluster.Await("it leads", () => node.State == RaftState.Leader);

        Assert.That((node.Term, asked), Is.EqualTo((2UL, (ulong[])[0, 2])), "the first request is older than every term");
    }

    [TestCase(TransportFailure.Unreachable)]
    [TestCase(TransportFailure.Broken)]
    [TestCase(TransportFailure.TimedOut)]
    [TestCase(TransportFailure.Malformed)]
    [Reference("C8", "M3")]
    public void A_voter_that_gave_a_pre_vote_no_answer_for_another_reason_does_not_count(TransportFailure failure)
    {
        int asked = 0;
        using VirtualCluster cluster = Campaigning(new ScriptedTransport
        {
            PreVotes = _ => throw Ended(failure),
            Votes = request =>
            {
                asked++;
                return new RequestVoteResponse(Nameless) { Term = request.Term, Granted = true };
            },
        });

        cluster.Pass(TimeSpan.FromMinutes(1));

        Assert.That((cluster.Servers[0].Node!.Term, asked), Is.EqualTo((1UL, 0)));
    }

    [Test]
    public void Whoever_ends_all_connections_does_not_count()
    {
        using VirtualCluster cluster = Campaigning(new ScriptedTransport
        {
            PreVotes = _ => throw Ended(TransportFailure.Closed),
            Votes = _ => throw Ended(TransportFailure.Closed),
        });

        cluster.Pass(TimeSpan.FromMinutes(1));

        Assert.That(cluster.Servers[0].Node!.Term, Is.EqualTo(1), "a proxy before a server that is down ends every connection");
    }

    [Test]
    public void A_server_that_was_only_restarting_is_asked_again()
    {
        int asked = 0;
        using VirtualCluster cluster = Campaigning(new ScriptedTransport
        {
            PreVotes = request => asked++ % 2 == 0
                ? throw Ended(TransportFailure.Closed) : new RequestPreVoteResponse(Nameless) { Term = 1, Granted = false },
            Votes = request => new RequestVoteResponse(Nameless) { Term = request.Term, Granted = true },
        });

        cluster.Pass(TimeSpan.FromMinutes(1));

        Assert.That(cluster.Servers[0].Node!.Term, Is.EqualTo(1), "it knows the question, and refused");
    }

    [Test]
    public void A_server_of_another_name_does_not_count()
    {
        using VirtualCluster cluster = Campaigning(new ScriptedTransport
        {
            PreVotes = _ => throw Ended(TransportFailure.Closed),
            Votes = request => new RequestVoteResponse(new RpcHeader(3, "n7", "addr7")) { Term = 1 },
        });

        cluster.Pass(TimeSpan.FromMinutes(1));

        Assert.That(cluster.Servers[0].Node!.Term, Is.EqualTo(1));
    }

    [Test]
    public void A_voter_that_is_in_a_newer_term_says_so_there_too()
    {
        using VirtualCluster cluster = Campaigning(new ScriptedTransport
        {
            PreVotes = _ => throw Ended(TransportFailure.Closed),
            Votes = request => new RequestVoteResponse(Nameless) { Term = 9 },
        });

        cluster.Await("it takes the term", () => cluster.Servers[0].Node!.Term >= 9);
    }

    [Test]
    public void The_word_of_Go_for_a_question_that_it_does_not_know_counts_as_willing()
    {
        using VirtualCluster cluster = Campaigning(new ScriptedTransport
        {
            PreVotes = _ => throw new RemoteRpcException("unexpected command"),
            Votes = request => new RequestVoteResponse(Nameless) { Term = request.Term, Granted = true },
        });

        cluster.Await("it leads", () => cluster.Servers[0].Node!.State == RaftState.Leader);
    }

    [Test]
    public void A_server_that_is_losing_its_vote_disturbs_them_ever_more_rarely()
    {
        using var cluster = new VirtualCluster(servers: 3);
        VirtualServer server = cluster.Servers[0];
        var others = new ClusterConfiguration(cluster.Founders.Servers.Skip(1));
        cluster.Seed(server, 1, new LogSlice(LogBatchBuilder.Single(
            2, 1, LogType.Configuration, ConfigurationEncoding.Encode(others), LogTimestamp.Zero)));
        cluster.Start(server, new ScriptedTransport
        {
            PreVotes = _ => throw Ended(TransportFailure.Closed),
            Votes = _ => new RequestVoteResponse(Nameless) { Term = 1 },
        });

        // They have a leader, so they refuse before they look at the term.
        cluster.Pass(TimeSpan.FromMinutes(5));

        Assert.That(server.Node!.Term, Is.InRange(5, 16), "about one a second first, then one in 32 to 64 seconds");
    }

    private static TransportException Ended(TransportFailure failure) => new(failure, "no answer");

    private static VirtualCluster Campaigning(ScriptedTransport transport)
    {
        var cluster = new VirtualCluster(servers: 2);
        VirtualServer server = cluster.Servers[0];
        cluster.Seed(server, term: 1);
        cluster.Start(server, transport);
        return cluster;
    }
}
