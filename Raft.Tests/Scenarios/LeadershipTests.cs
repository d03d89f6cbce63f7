using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>What a leader begins with, what it sends, and what it may count (§5.3, §5.4, thesis 4.1).</summary>
public sealed class LeadershipTests
{
    [Test]
    [Reference("a06")]
    public void A_leadership_begins_without_anything_of_the_one_before()
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            servers: 3, s => s.Config = s.Config with { Limits = new RaftLimits { UncommittedBytesMax = 1 } });
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer[] others = Others(cluster, leader);
        cluster.Network.Isolate(leader.Address, others.Select(s => s.Address));
        Task<ApplyResult> lost = cluster.Apply(leader, "lost");
        Task question = leader.Node!.VerifyLeaderAsync();
        VirtualServer between = cluster.AwaitLeader(others);
        cluster.Await("it steps down", () => leader.Node.State != RaftState.Leader);
        cluster.Network.Heal();
        cluster.AwaitSame();
        ulong last = leader.Node.LastIndex;

        // Nothing tells the leader how far the others are.
        cluster.Network.Filter = (from, _, request) => from != leader.Address || request is not AppendEntriesRequest;
        Task<ServerId> transfer = between.Node!.TransferLeadershipAsync(leader.Id);
        cluster.Await("it leads again", () => leader.Node.State == RaftState.Leader);
        RaftStatus status = cluster.Run(leader.Node.GetStatusAsync());
        cluster.Network.Filter = null;
        cluster.Run(transfer);

        Assert.That(() => cluster.Run(lost), Throws.TypeOf<LeadershipLostException>());
        Assert.That(() => cluster.Run(question), Throws.TypeOf<NotLeaderException>());
        Assert.That(
            status.Followers.Select(f => (f.MatchIndex, f.NextIndex, f.LastContact)),
            Is.All.EqualTo((0UL, last + 1, (TimeSpan?)null)));
        Assert.That(cluster.Run(cluster.Apply(leader, "again")).Index, Is.EqualTo(last + 2), "the limit has room again");
    }

    [Test]
    [Reference("a28")]
    public void Every_request_names_the_entry_before_its_own_and_the_next_one_does_not_wait_for_its_answer()
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            servers: 3, s => s.Config = s.Config with { Limits = new RaftLimits { AppendBytesMax = 200 } });
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = Others(cluster, leader)[0];
        cluster.Network.AnswerDelay = (from, _) => TimeSpan.FromMilliseconds(from == follower.Address ? 20 : 0);
        var sent = new List<AppendEntriesRequest>();
        int inFlight = 0;
        int most = 0;
        cluster.Network.Filter = (_, to, request) =>
        {
            if (to == follower.Address && request is AppendEntriesRequest { Entries.Count: > 0 } append)
            {
                sent.Add(append);
                most = Math.Max(most, ++inFlight);
                Assert.That(append.LeaderCommitIndex, Is.LessThanOrEqualTo(leader.Node!.CommitIndex));
            }

            return true;
        };
        cluster.Network.Rewrite = answer =>
        {
            inFlight -= answer is AppendEntriesResponse && answer.Header.Id == follower.Id && inFlight > 0 ? 1 : 0;
            return answer;
        };

        cluster.Run(Task.WhenAll(Enumerable.Range(0, 30).Select(i => cluster.Apply(leader, $"{new string('x', 150)}{i}"))));
        cluster.AwaitSame();

        Assert.That(sent, Has.Count.GreaterThanOrEqualTo(30));
        Assert.That(most, Is.GreaterThan(1));
        foreach (AppendEntriesRequest request in sent)
        {
            Assert.That(request.Entries![0].FirstIndex, Is.EqualTo(request.PreviousIndex + 1));
            Assert.That(request.PreviousTerm, Is.EqualTo(leader.Node!.Core.State.Log.TermAt(request.PreviousIndex)));
        }

        Assert.That(sent.Skip(1).Select(r => r.PreviousIndex), Is.EqualTo(sent.SkipLast(1).Select(r => r.LastIndex)), "none twice");
    }

    [Test]
    [Reference("a29")]
    public void Until_a_follower_has_answered_it_is_sent_one_request_and_then_several_at_once()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer leader = Others(cluster, old)[0];
        VirtualServer follower = Others(cluster, old)[1];
        cluster.Network.AnswerDelay = (from, request) => TimeSpan.FromMilliseconds(
            from == follower.Address && request is AppendEntriesRequest { IsHeartbeat: false } ? 100 : 0);
        int sent = 0;
        cluster.Network.Filter = (from, to, request) =>
        {
            sent += from == leader.Address && to == follower.Address && request is AppendEntriesRequest { IsHeartbeat: false } ? 1 : 0;
            return true;
        };
        cluster.Run(old.Node!.TransferLeadershipAsync(leader.Id));
        cluster.Await("it leads", () => leader.Node!.State == RaftState.Leader && sent == 1);

        Write(cluster, leader, 8);
        (int Sent, string Mode) before = (sent, ModeOf(cluster, leader, follower));
        cluster.Pass(TimeSpan.FromMilliseconds(60));
        int answered = sent;
        Write(cluster, leader, 8);
        int after = sent - answered;
        cluster.AwaitSame();

        Assert.That(before, Is.EqualTo((1, "Probe")));
        Assert.That(after, Is.GreaterThan(1), "within less than the time of an answer");
        Assert.That(ModeOf(cluster, leader, follower), Is.EqualTo("Pipeline"));
    }

    [Test]
    [Reference("a19")]
    public void A_follower_that_answers_again_after_long_is_soon_heard_of_and_sent_what_it_lacks()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = Others(cluster, leader)[0];
        cluster.Network.Isolate(follower.Address, cluster.Servers.Select(s => s.Address));
        cluster.Pass(TimeSpan.FromMinutes(2));
        cluster.Run(cluster.Apply(leader, "meanwhile"));
        TimeSpan? silent = ContactOf(cluster, leader, follower);

        cluster.Network.Heal();
        TimeSpan healed = cluster.Clock.Now;
        cluster.Pass(leader.Config.HeartbeatTimeout);
        Assert.That(ContactOf(cluster, leader, follower), Is.LessThan(leader.Config.HeartbeatTimeout));
        cluster.Await("it has all", () => follower.Node!.LastIndex == leader.Node!.LastIndex, TimeSpan.FromSeconds(1));

        Assert.That(cluster.Clock.Now - healed, Is.LessThan(2 * leader.Config.HeartbeatTimeout));
        Assert.That(silent, Is.GreaterThan(TimeSpan.FromMinutes(1.9)));
    }

    [Test]
    [Reference("a35")]
    public void A_follower_whose_window_was_full_hears_the_newest_commit_index_once_it_answers()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3, s => s.Config = s.Config with
        {
            Limits = new RaftLimits { InFlightCountMax = 1, AppendBytesMax = 200 },
        });
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = Others(cluster, leader)[0];
        follower.Stores.HoldLogWrites = true;
        cluster.Run(Task.WhenAll(Enumerable.Range(0, 20).Select(i => cluster.Apply(leader, $"{new string('x', 150)}{i}"))));
        ulong whileFull = follower.Node!.CommitIndex;

        follower.Stores.ReleaseWrites();
        cluster.Await(
            "it knows what is committed", () => follower.Node.CommitIndex == leader.Node!.CommitIndex,
            (2 * leader.Config.CommitTimeout) + (20 * TimeSpan.FromMilliseconds(2)));

        Assert.That(whileFull, Is.LessThan(leader.Node!.CommitIndex));
    }

    [Test]
    [Reference("a42")]
    public void What_followers_committed_while_the_leader_was_still_writing_outlives_the_leader()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer[] others = Others(cluster, old);
        old.Stores.HoldLogWrites = true;
        Task<ApplyResult> write = cluster.Apply(old, "a");
        cluster.Await(
            "the followers applied it", () => others.All(s => s.Fsm.Applied.Count == 1), TimeSpan.FromMilliseconds(500));

        // It dies before its own write is done.
        RaftNode dead = old.Node!;
        old.Stores.IsBroken = true;
        old.Stores.ReleaseWrites();
        cluster.Await("it ended", () => dead.Completion.IsCompleted);
        Assert.That(old.Stores.Entries.Select(e => e.Type), Has.None.EqualTo(LogType.Command));
        old.Stores.IsBroken = false;
        VirtualServer leader = cluster.AwaitLeader(others);
        cluster.Start(old);
        cluster.Run(cluster.Apply(leader, "b"));
        cluster.AwaitSame();

        Assert.That(() => cluster.Run(write), Throws.InstanceOf<RaftException>());
        Assert.That(old.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "a", "b" }));
    }

    [Test]
    [Reference("g13")]
    public void The_removal_of_one_of_two_servers_commits_what_waited_for_it()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 2);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer gone = Others(cluster, leader)[0];
        cluster.Network.Isolate(gone.Address, [leader.Address]);
        Task<ApplyResult> pending = cluster.Apply(leader, "pending");
        cluster.Pass(TimeSpan.FromMilliseconds(100));
        bool before = pending.IsCompleted;

        cluster.Run(leader.Node!.RemoveServerAsync(gone.Id));

        Assert.That((before, cluster.Run(pending).Response), Is.EqualTo((false, "pending")));
        Assert.That(leader.Node.CommitIndex, Is.EqualTo(leader.Node.LastIndex));
    }

    [Test]
    [Reference("j07")]
    public void S2015_no_server_comes_or_goes_before_an_entry_of_the_leaders_own_term_is_committed()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        cluster.Kill(cluster.Leaders.Single());
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer follower = Others(cluster, leader).Single(s => s.Node is not null);
        follower.Stores.HoldLogWrites = true;
        ulong members = leader.Node!.Core.State.Configurations.LatestIndex;

        Task<ApplyResult> change = leader.Node.AddNonvoterAsync("n9", "addr9");
        cluster.Pass(TimeSpan.FromMilliseconds(300));

        Assert.That(leader.Node.Core.State.Configurations.LatestIndex, Is.EqualTo(members));
        follower.Stores.ReleaseWrites();
        Assert.That(cluster.Run(change).Index, Is.EqualTo(leader.Node.Core.State.Configurations.LatestIndex).And.GreaterThan(members));
    }

    /// <summary>So many commands, one each 6 ms.</summary>
    private static void Write(VirtualCluster cluster, VirtualServer leader, int commands)
    {
        for (int i = 0; i < commands; i++)
        {
            _ = cluster.Apply(leader, $"{i}");
            cluster.Pass(TimeSpan.FromMilliseconds(6));
        }
    }

    private static VirtualServer[] Others(VirtualCluster cluster, VirtualServer server) =>
        [.. cluster.Servers.Where(s => s != server)];

    private static string ModeOf(VirtualCluster cluster, VirtualServer leader, VirtualServer follower) =>
        StatusOf(cluster, leader, follower).Mode;

    private static TimeSpan? ContactOf(VirtualCluster cluster, VirtualServer leader, VirtualServer follower) =>
        StatusOf(cluster, leader, follower).LastContact;

    private static FollowerStatus StatusOf(VirtualCluster cluster, VirtualServer leader, VirtualServer follower) =>
        cluster.Run(leader.Node!.GetStatusAsync()).Followers.Single(f => f.Id == follower.Id);
}
