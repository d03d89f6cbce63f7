using System.Text;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Commands that are given to a server that does not lead.</summary>
public sealed class ForwardingTests
{
    [Test]
    [Reference("a23", "j05")]
    public void A_command_at_any_server_is_done_once_and_answered_by_that_servers_state_machine()
    {
        using VirtualCluster cluster = Running();
        VirtualServer leader = cluster.Leaders.Single();
        foreach (VirtualServer server in cluster.Servers)
        {
            TimeSpan since = cluster.Clock.Now;

            ApplyResult result = cluster.Run(cluster.Apply(server, $"at {server.Id}"));

            Assert.That(result, Is.EqualTo(new ApplyResult(server.Node!.AppliedIndex, leader.Node!.Term, $"at {server.Id}")));
            Assert.That(cluster.Clock.Now - since, Is.LessThan(leader.Config.CommitTimeout), "it does not wait for the next commit message");
        }

        cluster.AwaitSame();
        Assert.That(leader.Fsm.Applied.Select(a => a.Command), Is.EqualTo(cluster.Servers.Select(s => $"at {s.Id}")));
    }

    [Test]
    public void Commands_that_wait_together_are_sent_together_and_keep_their_order()
    {
        using VirtualCluster cluster = Running();
        VirtualServer follower = cluster.Servers.First(s => !cluster.Leaders.Contains(s));
        int questions = 0;
        cluster.Network.Filter = (_, _, request) =>
        {
            questions += request is AskRequest { Kind: not 0 } ? 1 : 0;
            return true;
        };

        Task<ApplyResult>[] all = [.. Enumerable.Range(0, 500).Select(i => cluster.Apply(follower, $"{i}"))];
        cluster.Run(Task.WhenAll(all));

        Assert.That(questions, Is.EqualTo(1));
        Assert.That(follower.Fsm.Applied.Select(a => a.Command), Is.EqualTo(Enumerable.Range(0, 500).Select(i => $"{i}")));
        Assert.That(all.Select(t => t.Result.Response), Is.EqualTo(Enumerable.Range(0, 500).Select(i => $"{i}")));
    }

    [Test]
    [Reference("a23")]
    public void A_command_waits_for_a_leader_as_long_as_it_may_and_is_then_surely_not_done()
    {
        using VirtualCluster cluster = Running();
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != old)];
        cluster.Kill(old);
        Assert.That(cluster.Run(cluster.Apply(others[0], "later")).Response, Is.EqualTo("later"));

        cluster.Kill(others[1]);
        cluster.Await("nobody leads", () => !cluster.Leaders.Any() && others[0].Node!.State != RaftState.Leader, TimeSpan.FromSeconds(10));
        TimeSpan since = cluster.Clock.Now;
        ApplyOutcome outcome = cluster.Run(Try(others[0], "never", TimeSpan.FromSeconds(1)));

        Assert.That(outcome.Fate, Is.EqualTo(CommandFate.NotDone));
        Assert.That(outcome.Failure, Is.TypeOf<NotLeaderException>());
        Assert.That(cluster.Clock.Now - since, Is.EqualTo(TimeSpan.FromSeconds(1)).Within(TimeSpan.FromMilliseconds(5)));
    }

    [Test]
    public void A_lost_answer_leaves_the_outcome_unknown_and_nothing_is_sent_twice()
    {
        using VirtualCluster cluster = Running();
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.First(s => s != leader);
        cluster.Network.AnswerDelay = (_, request) => request is AskRequest { Kind: not 0 } ? TimeSpan.FromMinutes(1) : TimeSpan.Zero;

        ApplyOutcome outcome = cluster.Run(Try(follower, "once"));
        cluster.Pass(TimeSpan.FromSeconds(10));

        Assert.That((outcome.Fate, outcome.Index, outcome.Term), Is.EqualTo((CommandFate.Unknown, 0UL, leader.Node!.Term)));
        Assert.That(follower.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "once" }));
    }

    [Test]
    public void An_answer_that_comes_later_than_the_entry_itself_still_finds_what_the_state_machine_said()
    {
        using VirtualCluster cluster = Running();
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.First(s => s != leader);
        cluster.Network.AnswerDelay = (_, request) => request is AskRequest { Kind: not 0 } ? TimeSpan.FromMilliseconds(300) : TimeSpan.Zero;

        Task<ApplyResult> first = cluster.Apply(follower, "first");
        cluster.Await("it is applied", () => follower.Fsm.Applied.Count == 1);
        Assert.That(first.IsCompleted, Is.False);
        cluster.Run(cluster.Apply(leader, "second"));

        Assert.That(cluster.Run(first), Is.EqualTo(new ApplyResult(follower.Fsm.Applied[0].Index, leader.Node!.Term, "first")));
    }

    [Test]
    public void A_command_whose_place_a_later_leader_gives_to_another_is_surely_not_done()
    {
        using VirtualCluster cluster = Running();
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.First(s => s != old);

        // The old leader tells the follower where it appended its commands, and can send them to nobody.
        cluster.Network.Filter = (from, _, request) =>
            from != old.Address || request is not AppendEntriesRequest { Entries.Count: > 0 };
        Task<ApplyOutcome>[] lost = [.. Enumerable.Range(0, 3).Select(i => Try(follower, $"lost {i}"))];
        cluster.Await("all have a place", () => old.Node!.LastIndex == 5);
        Task<ApplyOutcome> atOld = Try(old, "lost with its leader");
        cluster.Pass(TimeSpan.FromMilliseconds(10));
        cluster.Network.Isolate(old.Address, cluster.Servers.Select(s => s.Address));

        ApplyOutcome[] outcomes = cluster.Run(Task.WhenAll(lost));
        ApplyOutcome unknown = cluster.Run(atOld);

        Assert.That(outcomes.Select(o => o.Fate), Is.All.EqualTo(CommandFate.NotDone));
        Assert.That(outcomes.Select(o => o.Failure), Is.All.TypeOf<EntryOvertakenException>());
        Assert.That((unknown.Fate, unknown.Index), Is.EqualTo((CommandFate.Unknown, 6UL)));
        Assert.That(
            cluster.Run(follower.Node!.ResolveAsync(unknown.Index, unknown.Term)), Is.EqualTo(CommandFate.NotDone),
            "the new leader's first entry stands below, in a newer term");
    }

    [Test]
    public void What_was_done_with_an_unknown_outcome_is_found_to_be_done_on_every_server()
    {
        using VirtualCluster cluster = Running();
        VirtualServer old = cluster.Leaders.Single();

        // Acknowledgements do not come back: the old leader cannot know, and the others hold the entry.
        foreach (VirtualServer other in cluster.Servers.Where(s => s != old))
        {
            cluster.Network.CutOneWay(other.Address, old.Address);
        }

        ApplyOutcome unknown = cluster.Run(Try(old, "kept"));
        cluster.Network.Heal();
        cluster.AwaitLeader();

        Assert.That((unknown.Fate, unknown.Index), Is.EqualTo((CommandFate.Unknown, 3UL)));
        foreach (VirtualServer server in cluster.Servers)
        {
            Assert.That(cluster.Run(server.Node!.ResolveAsync(unknown.Index, unknown.Term)), Is.EqualTo(CommandFate.Done));
            Assert.That(
                cluster.Run(server.Node.ResolveAsync(unknown.Index, unknown.Term + 7)), Is.EqualTo(CommandFate.NotDone),
                "another entry stands there");
        }
    }

    [Test]
    public void A_wait_that_is_ended_before_the_command_is_taken_up_leaves_it_surely_not_done()
    {
        using VirtualCluster cluster = Running(s => s.Config = s.Config with { Limits = new RaftLimits { UncommittedBytesMax = 1 } });
        VirtualServer leader = cluster.Leaders.Single();
        cluster.Network.Filter = static (_, _, request) => request is not AppendEntriesRequest { Entries.Count: > 0 };
        using var end = new CancellationTokenSource();
        Task<ApplyOutcome> appended = Try(leader, "appended", cancellationToken: end.Token);
        cluster.Pass(TimeSpan.FromMilliseconds(5));
        Task<ApplyOutcome> waits = Try(leader, "waits", cancellationToken: end.Token);
        cluster.Pass(TimeSpan.FromMilliseconds(5));

        end.Cancel();
        cluster.Network.Filter = null;
        cluster.Run(cluster.Apply(leader, "after"));

        Assert.That((cluster.Run(appended).Fate, cluster.Run(appended).Index), Is.EqualTo((CommandFate.Unknown, 3UL)));
        Assert.That(cluster.Run(waits).Fate, Is.EqualTo(CommandFate.NotDone));
        Assert.That(leader.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "appended", "after" }));
    }

    [Test]
    public void A_leader_of_another_library_is_sent_no_command_and_the_caller_is_told_so()
    {
        using var cluster = new VirtualCluster(servers: 3, s => s.Config = s.Config with { DisableProposalForwarding = false });
        cluster.Network.Foreign.UnionWith(cluster.Servers.Select(s => s.Address));
        cluster.StartAll();
        cluster.Run(cluster.Servers[0].Node!.BootstrapClusterAsync(cluster.Founders));
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer follower = cluster.Servers.First(s => s != leader);
        cluster.Await("it has heard the leader", () => follower.Node!.Leader.Id == leader.Id);

        ApplyOutcome outcome = cluster.Run(Try(follower, "for Go"));

        Assert.That((outcome.Fate, outcome.Failure?.GetType()), Is.EqualTo((CommandFate.NotDone, typeof(NotLeaderException))));
        Assert.That(outcome.Failure!.Message, Does.Contain("no server of this library").And.Contain($"{leader.Address}"));
        Assert.That(leader.Fsm.Applied, Is.Empty);
    }

    [Test]
    public void A_command_of_a_server_that_is_no_member_is_surely_not_done()
    {
        using VirtualCluster cluster = Running(s => s.Config = s.Config with { LeaderWaitTimeout = TimeSpan.FromSeconds(1) });
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer removed = cluster.Servers.First(s => s != leader);
        cluster.Run(leader.Node!.RemoveServerAsync(removed.Id));

        ApplyOutcome stranger = cluster.Run(Try(removed, "of a stranger"));

        Assert.That((stranger.Fate, stranger.Failure?.GetType()), Is.EqualTo((CommandFate.NotDone, typeof(NotLeaderException))));
        Assert.That(leader.Fsm.Applied, Is.Empty);
    }

    [Test]
    public void What_is_too_large_or_too_much_is_refused_where_it_comes_in()
    {
        using VirtualCluster cluster = Running(s => s.Config = s.Config with
        {
            Limits = new RaftLimits { EntryBytesMax = 100, ApplyQueueCountMax = 4 },
        });
        VirtualServer follower = cluster.Servers.First(s => !cluster.Leaders.Contains(s));

        ApplyOutcome tooLarge = cluster.Run(Try(follower, new string('x', 101)));
        Task<ApplyOutcome>[] many = [.. Enumerable.Range(0, 10).Select(i => Try(follower, $"{i}"))];

        Assert.That(tooLarge.Failure, Is.TypeOf<EntryTooLargeException>());
        Assert.That(
            cluster.Run(Task.WhenAll(many)).Select(o => o.Failure is null || o.Failure is EnqueueTimeoutException), Is.All.True);
        Assert.That(many.Count(t => t.Result.Fate == CommandFate.Done), Is.InRange(4, 9));
    }

    [Test]
    public void What_was_refused_for_want_of_room_takes_none_afterwards()
    {
        using VirtualCluster cluster = Running(s => s.Config = s.Config with
        {
            Limits = new RaftLimits { ApplyQueueCountMax = 2, ApplyQueueBytesMax = 100 },
            LeaderWaitTimeout = TimeSpan.FromMilliseconds(200),
        });
        VirtualServer follower = cluster.Servers.First(s => !cluster.Leaders.Contains(s));
        cluster.Network.Filter = static (_, _, request) => request is not AskRequest { Kind: not 0 };
        for (int i = 0; i < 20; i++)
        {
            Task<ApplyOutcome>[] tried = [.. Enumerable.Range(0, 5).Select(_ => Try(follower, new string('x', 50)))];
            cluster.Run(Task.WhenAll(tried));
            Assert.That(tried.Count(t => t.Result.Failure is EnqueueTimeoutException), Is.EqualTo(3));
        }

        cluster.Network.Filter = null;
        cluster.Run(cluster.Apply(follower, "as ever"));
    }

    [Test]
    public void A_sender_that_hears_nothing_more_says_where_its_command_stands_when_its_patience_is_over()
    {
        using VirtualCluster cluster = Running();
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.First(s => s != leader);
        cluster.Network.Filter = (_, to, request) => to != follower.Address || request is not AppendEntriesRequest;
        TimeSpan since = cluster.Clock.Now;

        Task<ulong> read = follower.Node!.ReadIndexAsync();
        ApplyOutcome outcome = cluster.Run(Try(follower, "done elsewhere"));

        Assert.That((outcome.Fate, outcome.Index, outcome.Term), Is.EqualTo((CommandFate.Unknown, 3UL, leader.Node!.Term)));
        Assert.That(cluster.Clock.Now - since, Is.LessThan(follower.Config.LeaderWaitTimeout * 1.1));
        Assert.That(leader.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "done elsewhere" }));
        cluster.Run(read);
    }

    [Test]
    public void A_leader_that_says_nothing_is_not_waited_for_much_longer_once_another_leads()
    {
        using VirtualCluster cluster = Running(s => s.Config = s.Config with { LeaderWaitTimeout = TimeSpan.FromSeconds(30) });
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != old)];
        cluster.Network.Timeout = TimeSpan.FromMinutes(1);
        cluster.Network.AnswerDelay = (to, request) =>
            to == old.Address && request is AskRequest { Kind: not 0 } ? TimeSpan.FromMinutes(1) : TimeSpan.Zero;
        Task<ApplyOutcome> sent = Try(others[0], "sent");
        cluster.Await("it is applied", () => others[0].Fsm.Applied.Count == 1);
        cluster.Network.Isolate(old.Address, cluster.Servers.Select(s => s.Address));
        VirtualServer leader = cluster.AwaitLeader(others);
        cluster.Await("both know it", () => others.All(s => s.Node!.Term == leader.Node!.Term));
        TimeSpan since = cluster.Clock.Now;

        ApplyOutcome outcome = cluster.Run(sent);

        Assert.That(outcome.Fate, Is.EqualTo(CommandFate.Unknown), "which entry is the command's only the old leader could tell");
        Assert.That(cluster.Clock.Now - since, Is.LessThan(leader.Config.HeartbeatTimeout * 1.5));
    }

    [Test]
    public void A_removed_server_that_reads_is_told_so_rather_than_left_waiting()
    {
        using VirtualCluster cluster = Running(s => s.Config = s.Config with { LeaderWaitTimeout = TimeSpan.FromSeconds(1) });
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer removed = cluster.Servers.First(s => s != leader);
        cluster.Run(leader.Node!.RemoveServerAsync(removed.Id));

        Assert.That(
            () => cluster.Run(removed.Node!.ReadIndexAsync()), Throws.TypeOf<NotLeaderException>().With.Message.Contains("no member"));
    }

    private static VirtualCluster Running(Action<VirtualServer>? prepare = null) => VirtualCluster.Running(3, server =>
    {
        server.Config = server.Config with { DisableProposalForwarding = false };
        prepare?.Invoke(server);
    });

    private static Task<ApplyOutcome> Try(
        VirtualServer server, string command, TimeSpan timeout = default, CancellationToken cancellationToken = default) =>
        server.Node!.TryApplyAsync(Encoding.UTF8.GetBytes(command), timeout, cancellationToken);
}
