using Raft.Mutations;
using Raft.Storage;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>A server that lost its disk takes part again under its id, and breaks nothing that the lost disk had promised.</summary>
public sealed class RejoinTests
{
    // It was removed by entry 7, of term 3.
    private const ulong Index = 7;
    private const ulong Term = 3;

    [Test]
    public void It_hears_no_leader_and_votes_for_nobody_in_the_terms_up_to_its_removal()
    {
        using LoneFollower lone = Rejoined();

        LoneFollower.Answer old = lone.Send(LoneFollower.Append("n2", 2, 0, 0, 0, LoneFollower.Entries(1, 1)));
        LoneFollower.Answer vote = lone.Send(LoneFollower.Vote("n2", Term, 9, Term));

        Assert.That((old.Append.Success, old.Append.Term), Is.EqualTo((false, Term)), "its answer could be counted for a commit");
        Assert.That(vote.Vote.Granted, Is.False, "the lost disk may have voted in that term");
        Assert.That(lone.Disk.Record!.Term, Is.EqualTo(Term));
    }

    [TestCase(6ul, 3ul, false)]
    [TestCase(99ul, 2ul, false)]
    [TestCase(0ul, 0ul, false)]
    [TestCase(7ul, 3ul, true)]
    [TestCase(1ul, 4ul, true)]
    public void Without_its_log_it_votes_only_for_logs_with_the_entry_that_removed_it(ulong lastIndex, ulong lastTerm, bool isGranted)
    {
        using LoneFollower lone = Rejoined();
        Restart(lone);

        Assert.That(lone.Send(LoneFollower.PreVote("n2", 5, lastIndex, lastTerm)).PreVote.Granted, Is.EqualTo(isGranted));
        Assert.That(lone.Send(LoneFollower.Vote("n2", 5, lastIndex, lastTerm)).Vote.Granted, Is.EqualTo(isGranted));
    }

    [Test]
    public void It_does_not_campaign_by_an_old_configuration_in_which_it_is_the_only_voter()
    {
        using LoneFollower lone = Rejoined(TimeSpan.FromSeconds(1));
        lone.Send(LoneFollower.Append("n2", Term, 0, 0, 0, AloneAt(1)));
        lone.Send(new TimeoutNowRequest(LoneFollower.Header("n2")));
        lone.Cluster.Pass(TimeSpan.FromSeconds(30));
        Assert.That(lone.Node.State, Is.EqualTo(RaftState.Follower));
        Assert.That(lone.Node.Term, Is.EqualTo(Term));

        // Behind the entry that removed it, what it finds is no longer over.
        lone.Send(LoneFollower.Append("n2", Term, 1, 1, 7, LoneFollower.Entries(2, 1, 1, 1, 1, 1, Term)));
        lone.Cluster.Await("it leads", () => lone.Node.State == RaftState.Leader);
    }

    [Test]
    public void RejoinForgetsLog_lets_it_elect_itself_by_an_old_configuration([Values] bool isPlanted)
    {
        using LoneFollower lone = Rejoined(
            TimeSpan.FromSeconds(1), isPlanted ? Mutation.RejoinForgetsLog : Mutation.None);

        lone.Send(LoneFollower.Append("n2", Term, 0, 0, 0, AloneAt(1)));
        lone.Cluster.Pass(TimeSpan.FromSeconds(30));

        Assert.That(lone.Node.State, Is.EqualTo(isPlanted ? RaftState.Leader : RaftState.Follower));
    }

    [Test]
    public void A_rejoin_interrupted_between_its_two_writes_is_finished_at_the_start()
    {
        using var lone = new LoneFollower(isBlank: true);
        lone.Cluster.Kill(lone.Server);
        lone.Cluster.Run(new RejoinPoint(Index, Term).SaveAsync(lone.Disk).AsTask());

        lone.Cluster.Start(lone.Server);

        Assert.That(lone.Disk.Record!.Term, Is.EqualTo(Term));
        Assert.That(lone.Send(LoneFollower.Vote("n2", Term, 9, Term)).Vote.Granted, Is.False);

        // Whoever was to do it does it again, with the entry of another removal, which must not be an older one.
        lone.Cluster.Run(lone.Node.RejoinClusterAsync(Index + 5, Term + 1));
        Assert.That(() => lone.Cluster.Run(lone.Node.RejoinClusterAsync(Index, Term)), Throws.TypeOf<CannotRejoinException>());
        Assert.That(lone.Disk.Record.Term, Is.EqualTo(Term + 1));
        Assert.That(lone.Send(LoneFollower.Vote("n2", 9, Index, Term)).Vote.Granted, Is.False);
    }

    [Test]
    public void Stores_are_told_before_the_first_start_too()
    {
        using var lone = new LoneFollower(isBlank: true);
        lone.Cluster.Kill(lone.Server);
        VirtualServer server = lone.Server;
        RaftNode.RejoinClusterAsync(server.Config, server.Stores, server.Stores, server.Snapshots, Index, Term)
            .GetAwaiter().GetResult();
        lone.Cluster.Start(server);

        Assert.That(lone.Send(LoneFollower.Vote("n2", 5, Index - 1, Term)).Vote.Granted, Is.False);
        Assert.That(
            async () => await RaftNode.RejoinClusterAsync(
                server.Config, server.Stores, server.Stores, server.Snapshots, Index, Term),
            Throws.TypeOf<CannotRejoinException>());
    }

    [Test]
    public void An_older_removal_and_a_bootstrap_are_refused_where_a_rejoin_was_interrupted()
    {
        using var lone = new LoneFollower(isBlank: true);
        VirtualServer server = lone.Server;
        lone.Cluster.Kill(server);
        lone.Cluster.Run(new RejoinPoint(Index, Term).SaveAsync(lone.Disk).AsTask());

        Assert.That(
            async () => await RaftNode.RejoinClusterAsync(
                server.Config, server.Stores, server.Stores, server.Snapshots, Index - 1, Term),
            Throws.TypeOf<CannotRejoinException>());
        Assert.That(
            async () => await RaftNode.BootstrapClusterAsync(
                server.Config, server.Stores, server.Stores, server.Snapshots, lone.Cluster.Founders),
            Throws.TypeOf<CannotBootstrapException>());
        Assert.That(lone.Disk.Record, Is.Null);
    }

    [Test]
    public void A_server_that_rejoined_and_was_killed_before_it_was_added_is_seen_to_lack_its_log()
    {
        using LoneFollower lone = Rejoined();
        lone.Send(LoneFollower.Append("n2", Term, 0, 0, Index, AloneAt(1)));
        Restart(lone);

        RaftStatus status = lone.Cluster.Run(lone.Node.GetStatusAsync());

        Assert.That(status.Configuration.IsVoter(status.Id), "by a configuration from before its removal");
        Assert.That(status.LacksLostLog);
    }

    [Test]
    public void A_server_that_was_removed_alive_and_wiped_is_removed_once_more()
    {
        // n1 was removed by (2, 3), led term 4 without knowing it, and lost its disk. Had it rejoined by (2, 3), it could have
        // led term 4 once more, with another log. Removed once more, by an entry of the leader of term 5, it cannot.
        using LoneFollower lone = new(isBlank: true);
        lone.Cluster.Run(lone.Node.RejoinClusterAsync(5, 5));

        LoneFollower.Answer old = lone.Send(LoneFollower.Append("n2", 3, 0, 0, 2, LoneFollower.Entries(1, 1)));

        Assert.That(old.Append.Success, Is.False);
        Assert.That(lone.Send(LoneFollower.Vote("n3", 5, 9, 5)).Vote.Granted, Is.False);
    }

    [Test]
    public void A_server_with_a_log_has_lost_no_disk()
    {
        using var lone = new LoneFollower();
        Assert.That(() => lone.Cluster.Run(lone.Node.RejoinClusterAsync(Index, Term)), Throws.TypeOf<CannotRejoinException>());
        Assert.That(() => lone.Node.RejoinClusterAsync(0, Term), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(lone.Disk.Record!.Term, Is.EqualTo(1));
    }

    [Test]
    public void It_becomes_a_voter_again_and_a_majority_needs_it()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer again = cluster.Servers.First(s => s != leader);
        VirtualServer other = cluster.Servers.Single(s => s != leader && s != again);
        cluster.Kill(again);
        again.Wipe();
        ApplyResult removed = cluster.Run(leader.Node!.RemoveServerAsync(again.Id));
        cluster.Start(again);
        cluster.Run(again.Node!.RejoinClusterAsync(removed.Index, removed.Term));
        cluster.Run(leader.Node.AddNonvoterAsync(again.Id, again.Address));
        cluster.AwaitSame();
        cluster.Run(leader.Node.AddVoterAsync(again.Id, again.Address));
        cluster.AwaitSame();

        cluster.Kill(leader);
        VirtualServer next = cluster.AwaitLeader(again, other);
        cluster.Run(cluster.Apply(next, "by both"));
    }

    private static LoneFollower Rejoined(TimeSpan? electionTimeout = null, Mutation mutation = Mutation.None)
    {
        var lone = new LoneFollower(mutation, isBlank: true);
        lone.Cluster.Run(lone.Node.RejoinClusterAsync(Index, Term));
        if (electionTimeout is { } timeout)
        {
            lone.Server.Config = lone.Server.Config with { HeartbeatTimeout = timeout, ElectionTimeout = timeout };
            Restart(lone);
        }

        return lone;
    }

    private static void Restart(LoneFollower lone)
    {
        lone.Cluster.Kill(lone.Server);
        lone.Cluster.Start(lone.Server);
    }

    private static LogSlice AloneAt(ulong index) => new(LogBatchBuilder.Single(
        index, 1, LogType.Configuration, ConfigurationEncoding.Encode(new ClusterConfiguration(new Server("n1", "addr1"))),
        LogTimestamp.Zero));
}
