using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Snapshots, compaction, and followers that need a snapshot (§7).</summary>
public sealed class SnapshotTests
{
    [Test]
    [Reference("H1", "H4", "d19", "b07", "g17", "j08")]
    public void A_snapshot_is_taken_once_the_threshold_is_reached_and_the_log_lets_go_of_all_but_the_trailing_entries()
    {
        using VirtualCluster cluster = Running(1, threshold: 100, trailing: 10);
        VirtualServer server = cluster.Servers[0];

        Apply(cluster, server, 150);
        cluster.Await("a snapshot was taken", () => server.Node!.Core.State.Log.SnapshotIndex >= 100);
        cluster.Pass(TimeSpan.FromMilliseconds(10));

        RaftStatus status = cluster.Run(server.Node!.GetStatusAsync());
        Assert.That(status.LastSnapshotIndex, Is.InRange(100, 126));
        Assert.That(status.LastSnapshotTerm, Is.EqualTo(status.Term));
        Assert.That(server.Stores.FirstIndex, Is.GreaterThan(80));
        Assert.That(server.Stores.LastIndex - server.Stores.FirstIndex, Is.GreaterThanOrEqualTo(9));
    }

    [Test]
    [Reference("H5", "d18")]
    public void A_snapshot_that_is_asked_for_covers_what_was_applied_and_a_second_one_has_nothing_new()
    {
        using VirtualCluster cluster = Running(1);
        VirtualServer server = cluster.Servers[0];
        Apply(cluster, server, 5);

        SnapshotMeta taken = cluster.Run(server.Node!.SnapshotAsync());

        Assert.That(taken.Index, Is.EqualTo(server.Node!.AppliedIndex));
        Assert.That(taken.Point.Configuration, Is.EqualTo(cluster.Founders));
        Assert.That(taken.Point.ConfigurationIndex, Is.EqualTo(1));
        Assert.That(
            () => cluster.Run(server.Node!.SnapshotAsync()), Throws.TypeOf<NothingNewToSnapshotException>());
    }

    [Test]
    [Reference("H1", "c30", "d08", "b04")]
    public void A_restart_restores_the_newest_snapshot_and_applies_only_what_lies_behind_it()
    {
        using VirtualCluster cluster = Running(1, trailing: 0);
        VirtualServer server = cluster.Servers[0];
        Apply(cluster, server, 20);
        cluster.Run(server.Node!.SnapshotAsync());
        Apply(cluster, server, 3);
        List<(ulong, ulong, string)> before = [.. server.Fsm.Applied];

        cluster.Kill(server);
        cluster.Start(server);
        ulong restored = server.Node!.AppliedIndex;
        ulong committed = server.Node!.CommitIndex;
        cluster.AwaitLeader();
        cluster.AwaitSame();

        Assert.That(restored, Is.EqualTo(22));
        Assert.That(committed, Is.EqualTo(22), "what a snapshot covers is committed (W34)");
        Assert.That(server.Fsm.Applied, Is.EqualTo(before));
    }

    [Test]
    [Reference("H2")]
    public void A_log_that_begins_right_behind_the_snapshot_is_kept_at_the_start()
    {
        using VirtualCluster cluster = Running(1, trailing: 0);
        VirtualServer server = cluster.Servers[0];
        Apply(cluster, server, 5);
        SnapshotMeta taken = cluster.Run(server.Node!.SnapshotAsync());
        Apply(cluster, server, 2);
        cluster.Kill(server);
        cluster.Run(server.Stores.TruncatePrefixAsync(taken.Index).AsTask());
        Assert.That(server.Stores.FirstIndex, Is.EqualTo(taken.Index + 1));

        cluster.Start(server);

        Assert.That(server.Node!.LastIndex, Is.EqualTo(taken.Index + 2));
    }

    [Test]
    public void A_log_that_begins_later_than_the_snapshot_ends_is_refused()
    {
        using VirtualCluster cluster = Running(1, trailing: 0);
        VirtualServer server = cluster.Servers[0];
        Apply(cluster, server, 5);
        cluster.Run(server.Node!.SnapshotAsync());
        Apply(cluster, server, 2);
        cluster.Kill(server);
        server.Snapshots = new InMemorySnapshotStore();

        Assert.That(() => cluster.Start(server), Throws.TypeOf<CorruptStoreException>().With.Message.Contains("begins at entry"));
    }

    [Test]
    [Reference("H7", "H8", "c15", "a36")]
    public void A_follower_that_was_away_while_the_log_was_compacted_gets_the_snapshot_and_then_the_log()
    {
        using VirtualCluster cluster = Running(3, threshold: 100, trailing: 10);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer away = cluster.Servers.First(s => s != leader);
        cluster.Kill(away);
        Apply(cluster, leader, 200);
        cluster.Await("the log was compacted", () => leader.Node!.Core.State.Log.FirstIndex > 50);

        cluster.Start(away);
        cluster.AwaitSame();

        Assert.That(away.Node!.Core.State.Log.SnapshotIndex, Is.GreaterThanOrEqualTo(100));
        Assert.That(away.Stores.FirstIndex, Is.GreaterThan(50));
        Apply(cluster, leader, 5);
        cluster.AwaitSame();
    }

    [Test]
    [Reference("a29", "a36")]
    public void A_follower_is_sent_nothing_beside_a_snapshot_and_behind_it_entries_again()
    {
        using VirtualCluster cluster = Running(3, threshold: 100, trailing: 0);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer away = cluster.Servers.First(s => s != leader);
        cluster.Kill(away);
        Apply(cluster, leader, 200);
        cluster.Await("the log was compacted", () => leader.Node!.Core.State.Log.FirstIndex > 50);
        var sent = new List<string>();
        cluster.Network.Filter = (_, to, request) =>
        {
            if (to == away.Address && request is InstallSnapshotRequest or AppendEntriesRequest { Entries.Count: > 0 })
            {
                sent.Add(request is InstallSnapshotRequest ? "snapshot" : "entries");
            }

            return true;
        };
        cluster.Network.AnswerDelay = (_, request) => TimeSpan.FromMilliseconds(request is InstallSnapshotRequest ? 300 : 0);

        cluster.Start(away);
        cluster.Await("it is sent a snapshot", () => sent.Count > 0);
        Task<ApplyResult> meanwhile = cluster.Apply(leader, "meanwhile");
        cluster.Pass(TimeSpan.FromMilliseconds(250));
        string before = Mode(cluster, leader, away);
        Assert.That((meanwhile.IsCompletedSuccessfully, before), Is.EqualTo((true, "Snapshot")));
        Assert.That(sent, Is.EqualTo(new[] { "snapshot" }));
        cluster.AwaitSame();
        Apply(cluster, leader, 5);
        cluster.AwaitSame();

        Assert.That(sent.Count(s => s == "snapshot"), Is.EqualTo(1));
        Assert.That(sent.Count(s => s == "entries"), Is.GreaterThanOrEqualTo(6));
        Assert.That(Mode(cluster, leader, away), Is.EqualTo("Pipeline"));
    }

    [Test]
    [Reference("H14")]
    public void W2_a_log_that_contradicts_the_snapshot_gives_way()
    {
        using VirtualCluster cluster = Running(3, threshold: 50, trailing: 0);
        VirtualServer old = cluster.AwaitLeader();
        VirtualServer[] others = [.. cluster.Servers.Where(s => s != old)];
        cluster.Network.Isolate(old.Address, cluster.Servers.Select(s => s.Address));
        for (int i = 0; i < 80; i++)
        {
            _ = cluster.Apply(old, $"never {i}");
        }

        VirtualServer leader = cluster.AwaitLeader(others);
        Apply(cluster, leader, 100);
        cluster.Await("the log was compacted", () => leader.Node!.Core.State.Log.FirstIndex > 40);

        cluster.Network.Heal();
        cluster.AwaitSame();
        Apply(cluster, leader, 3);
        cluster.AwaitSame();

        Assert.That(old.Fsm.Applied.Select(a => a.Command), Has.None.StartsWith("never"));
        Assert.That(old.Node!.Core.State.Log.SnapshotIndex, Is.GreaterThan(40));
    }

    [Test]
    [Reference("H14")]
    public void W14_the_own_snapshot_never_takes_the_place_of_a_newer_one()
    {
        using VirtualCluster cluster = Running(1);
        VirtualServer server = cluster.Servers[0];
        Apply(cluster, server, 5);
        SnapshotMeta taken = cluster.Run(server.Node!.SnapshotAsync());
        SnapshotPoint older = taken.Point with { Index = taken.Index - 2 };

        server.Node!.Core.State.TakeSnapshot(new SnapshotMeta("older", older, 1));

        Assert.That(server.Node.Core.State.Snapshot, Is.EqualTo(taken));
        Assert.That(server.Node.Core.State.Log.SnapshotIndex, Is.EqualTo(taken.Index));
    }

    [Test]
    [Reference("H13")]
    public void A_store_that_keeps_no_snapshots_does_not_cost_the_log_its_entries()
    {
        using VirtualCluster cluster = VirtualCluster.Running(1, server =>
        {
            server.Config = server.Config with { SnapshotThreshold = 10, TrailingLogs = 0 };
            server.Snapshots = new DiscardSnapshotStore();
        });
        VirtualServer server = cluster.Servers[0];

        Apply(cluster, server, 50);
        cluster.Pass(TimeSpan.FromSeconds(5));

        Assert.That(server.Stores.FirstIndex, Is.EqualTo(1));
    }

    [Test]
    public void A_snapshot_at_or_below_the_commit_index_is_answered_with_success_and_dropped()
    {
        using var follower = new LoneFollower();
        follower.Send(LoneFollower.Append("n2", 2, 1, 1, commit: 3, LoneFollower.Entries(2, 2, 2)));

        LoneFollower.Answer answer = follower.SendSnapshot("n2", term: 2, index: 3, lastTerm: 2, "whatever");

        Assert.That(((InstallSnapshotResponse)answer.Response!).Success, Is.True);
        Assert.That(follower.Node.Core.State.Log.SnapshotIndex, Is.Zero);
        Assert.That(follower.Server.Fsm.Applied, Has.Count.EqualTo(2));
    }

    [Test]
    [Reference("b06")]
    public void A_snapshot_is_installed_and_answered_once_the_log_has_given_way_durably()
    {
        using var follower = new LoneFollower();
        follower.Send(LoneFollower.Append("n2", 2, 1, 1, commit: 1, LoneFollower.Entries(2, 2, 2)));
        follower.Disk.HoldLogWrites = true;

        LoneFollower.Answer answer = follower.SendSnapshot("n2", term: 3, index: 9, lastTerm: 3, "1\t1\tone\n");

        Assert.That(answer.HasCome, Is.False, "the log is still on disk");
        Assert.That(follower.Node.Core.State.Log.LastIndex, Is.EqualTo(9));
        follower.Disk.HoldLogWrites = false;
        follower.Disk.ReleaseWrites();
        follower.Pass();
        Assert.That(((InstallSnapshotResponse)answer.Response!).Success, Is.True);
        Assert.That(follower.Disk.LastIndex, Is.Zero);
        Assert.That(follower.Server.Fsm.Applied.Single().Command, Is.EqualTo("one"));
        Assert.That(follower.Node.CommitIndex, Is.EqualTo(9));
        Assert.That(follower.Node.AppliedIndex, Is.EqualTo(9));
    }

    [Test]
    public void A_snapshot_of_an_older_term_is_refused_and_one_cut_short_leaves_nothing()
    {
        using var follower = new LoneFollower();
        follower.Send(LoneFollower.Heartbeat("n2", term: 4));

        LoneFollower.Answer old = follower.SendSnapshot("n3", term: 3, index: 9, lastTerm: 3, "state");
        LoneFollower.Answer cut = follower.SendSnapshot("n2", term: 4, index: 9, lastTerm: 3, "state", size: 6);

        Assert.That(((InstallSnapshotResponse)old.Response!).Success, Is.False);
        Assert.That(((InstallSnapshotResponse)old.Response!).Term, Is.EqualTo(4));
        Assert.That(cut.Error, Does.Contain("6 bytes were announced and 5 came"));
        Assert.That(follower.Node.LastIndex, Is.EqualTo(1));
        Assert.That(follower.Cluster.Run(follower.Server.Snapshots.ListAsync().AsTask()), Is.Empty);
    }

    [Test]
    [Reference("H9")]
    public void A_snapshot_whose_old_form_of_members_cannot_be_read_is_refused_in_Gos_words()
    {
        using var follower = new LoneFollower();
        var answer = new LoneFollower.Answer();

        follower.Cluster.Network.Carry(
            "addr2", follower.Server.Address,
            new InstallSnapshotRequest(LoneFollower.Header("n2"))
            {
                Term = 3,
                LastLogIndex = 9,
                LastLogTerm = 3,
                Peers = "not a list"u8.ToArray(),
                Size = 5,
            },
            answer.Set, new MemoryBody("state"u8.ToArray()));
        follower.Pass();

        Assert.That(answer.Error, Does.StartWith("failed to decode peers"));
        Assert.That(follower.Node.LastIndex, Is.EqualTo(1));
    }

    [Test]
    public void A_state_machine_that_cannot_be_restored_from_a_leaders_snapshot_stops_the_node()
    {
        using var follower = new LoneFollower();

        follower.SendSnapshot("n2", term: 3, index: 9, lastTerm: 3, "no number here\n");
        follower.Cluster.Await("the node stopped", () => follower.Node.Completion.IsCompleted);

        Assert.That(follower.Node.Completion.Exception!.InnerException, Is.TypeOf<RaftFatalException>()
            .With.Message.Contains("could not be restored"));
    }

    private static string Mode(VirtualCluster cluster, VirtualServer leader, VirtualServer follower) =>
        cluster.Run(leader.Node!.GetStatusAsync()).Followers.Single(f => f.Id == follower.Id).Mode;

    private static VirtualCluster Running(int servers, ulong threshold = 8192, ulong trailing = 10_240) =>
        VirtualCluster.Running(
            servers,
            server => server.Config = server.Config with { SnapshotThreshold = threshold, TrailingLogs = trailing });

    private static void Apply(VirtualCluster cluster, VirtualServer leader, int commands)
    {
        for (int i = 0; i < commands; i++)
        {
            cluster.Run(cluster.Apply(leader, $"command {i}"));
        }
    }
}
