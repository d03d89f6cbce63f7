using System.Text;
using Raft.Storage;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>A server that is left of a cluster without a majority becomes the beginning of a new one (A5, A6, A9, W38).</summary>
public sealed class RecoverClusterTests
{
    private static readonly ClusterConfiguration Alone = new(new Server("n1", "addr1"));

    [TestCase(0ul)]
    [TestCase(7ul)]
    [Reference("A5")]
    public void A5_Without_entries_and_snapshots_there_is_nothing_to_recover(ulong term)
    {
        using var cluster = new VirtualCluster(servers: 1);
        cluster.Run(cluster.Servers[0].Stores.SaveAsync(new TermAndVote(term)).AsTask());

        Assert.That(() => Recover(cluster.Servers[0], Alone), Throws.TypeOf<NothingToRecoverException>());
    }

    [TestCase(false, 0)]
    [TestCase(false, 9)]
    [TestCase(true, 0)]
    [TestCase(true, 9)]
    [Reference("A6")]
    public void A6_All_that_every_server_has_goes_into_one_snapshot_and_they_go_on_from_there(bool hasSnapshot, int tail)
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        if (hasSnapshot)
        {
            cluster.Run(cluster.Apply(leader, "covered"));
            cluster.AwaitSame();
            Array.ForEach([.. cluster.Servers], s => cluster.Run(s.Node!.SnapshotAsync()));
        }

        for (int i = 0; i < tail; i++)
        {
            cluster.Run(cluster.Apply(leader, $"c{i}"));
        }

        cluster.AwaitSame();
        (ulong, ulong Index, string)[] applied = [.. leader.Fsm.Applied];
        ulong last = leader.Node!.LastIndex;
        cluster.Servers.ToList().ForEach(cluster.Kill);

        RecoveryReport[] reports = [.. cluster.Servers.Select(s => Recover(s, cluster.Founders))];

        Assert.That(reports.Select(r => r.LastIndex), Is.All.EqualTo(last));
        foreach (VirtualServer server in cluster.Servers)
        {
            SnapshotMeta snapshot = List(server).Single();
            Assert.That(snapshot.Point, Is.EqualTo(new SnapshotPoint(last, reports[0].LastTerm, cluster.Founders, 1)));
            Assert.That((server.Stores.FirstIndex, server.Stores.LastIndex), Is.EqualTo((0ul, 0ul)));
        }

        cluster.StartAll();
        leader = cluster.AwaitLeader();
        cluster.Run(cluster.Apply(leader, "goes on"));
        cluster.AwaitSame();
        Assert.That(leader.Fsm.Applied.Take(applied.Length), Is.EqualTo(applied));
        Assert.That(leader.Fsm.Applied[^1].Command, Is.EqualTo("goes on"));
    }

    [Test]
    [Reference("A9")]
    public void A9_One_of_three_goes_on_alone_and_takes_in_a_new_one()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        cluster.Run(cluster.Apply(cluster.AwaitLeader(), "kept"));
        cluster.AwaitSame();
        cluster.Servers.ToList().ForEach(cluster.Kill);
        VirtualServer server = cluster.Servers[0];
        VirtualServer blank = cluster.Servers[1];
        blank.Wipe();

        RecoveryReport report = Recover(server, Alone);
        cluster.Start(server);
        cluster.Await("it leads", () => server.Node!.State == RaftState.Leader && server.Node.AppliedIndex > report.LastIndex);

        Assert.That(server.Node!.LastIndex, Is.EqualTo(report.LastIndex + 1), "its first entry");
        cluster.Start(blank);
        cluster.Run(server.Node.AddVoterAsync(blank.Id, blank.Address));
        cluster.AwaitSame();
        Assert.That(blank.Fsm.Applied.Select(a => a.Command), Does.Contain("kept"));
        Assert.That(
            blank.Node!.Core.State.Configuration.Servers.Select(s => s.Id.Value), Is.EqualTo(new[] { "n1", "n2" }),
            "and never by the old members");
    }

    [Test]
    public void W38_Entries_that_are_not_known_to_be_committed_are_refused_unless_they_are_accepted()
    {
        using VirtualCluster cluster = Stopped(known: 4, 1, 1, 2, 2, 2);
        VirtualServer server = cluster.Servers[0];
        int writes = server.Stores.History.Count;

        UncommittedEntriesException refused =
            Assert.Throws<UncommittedEntriesException>(() => Recover(server, Alone, acceptsUncommitted: false))!;
        Assert.That((refused.CommitIndex, refused.LastIndex, refused.LastTerm), Is.EqualTo((4ul, 6ul, 2ul)));
        Assert.That((server.Stores.History.Count, List(server).Count), Is.EqualTo((writes, 0)), "nothing was changed");

        using var log = new RecordingLoggerFactory(cluster.Clock);
        server.Config = server.Config with { LoggerFactory = log };
        RecoveryReport report = Recover(server, Alone);
        Assert.That((report.CommitIndex, report.ForcedCount), Is.EqualTo((4ul, 2ul)));
        Assert.That(log.Last(10), Does.Contain("5 to 6"));
    }

    [Test]
    public void W38_What_the_store_knows_to_be_committed_needs_no_leave()
    {
        using VirtualCluster cluster = Stopped(known: 6, 1, 1, 2, 2, 2);

        RecoveryReport report = Recover(cluster.Servers[0], Alone, acceptsUncommitted: false);

        Assert.That((report.LastIndex, report.LastTerm, report.ForcedCount), Is.EqualTo((6ul, 2ul, 0ul)));
    }

    [Test]
    public void Done_again_it_forces_nothing_and_can_name_other_members()
    {
        using VirtualCluster cluster = Stopped(known: 0, 1, 1);
        RecoveryReport first = Recover(cluster.Servers[0], cluster.Founders);

        RecoveryReport again = Recover(cluster.Servers[0], Alone, acceptsUncommitted: false);

        Assert.That((again.LastIndex, again.LastTerm, again.ForcedCount), Is.EqualTo((first.LastIndex, first.LastTerm, 0ul)));
        Assert.That(Read(cluster.Servers[0]), Is.EqualTo(new IndexedConfiguration(Alone, 1)));
    }

    [Test]
    public void A_users_restore_in_the_log_counts_where_it_is_whole()
    {
        // A restore is followed by a snapshot; here nothing is kept of it, so that it stands in the log.
        using VirtualCluster cluster = VirtualCluster.Running(1, s => s.Snapshots = new DiscardSnapshotStore());
        VirtualServer server = cluster.Servers[0];
        cluster.Run(cluster.Apply(server, "before"));
        foreach (string state in new[] { "1\t1\trestored\n", "nonsense\n" })
        {
            Stream bytes = Bytes(state);
#pragma warning disable CA2025 // The cluster moves until the task has ended.
            Task<ApplyResult> restore = server.Node!.RestoreAsync(bytes, bytes.Length);
#pragma warning restore CA2025
            cluster.Await("it ended", () => restore.IsCompleted);
        }

        cluster.Run(cluster.Apply(server, "after"));
        string[] running = [.. server.Fsm.Applied.Select(a => a.Command)];
        server.Stores.KnownCommitIndex = server.Node!.LastIndex;
        cluster.Kill(server);
        server.Snapshots = new InMemorySnapshotStore();

        Recover(server, Alone, acceptsUncommitted: false);
        cluster.Start(server);

        Assert.That(running, Is.EqualTo(new[] { "restored", "after" }));
        Assert.That(server.Fsm.Applied.Select(a => a.Command), Is.EqualTo(running));
    }

    [Test]
    public void A_state_machine_that_throws_costs_nothing()
    {
        using VirtualCluster cluster = Stopped(known: 0, 1, 1, 1);
        VirtualServer server = cluster.Servers[0];

        Assert.That(
            () => Recover(server, Alone, fsm: new CountingFsm { ThrowsAt = "3/1" }),
            Throws.TypeOf<RaftException>().With.Message.Contains("entry 3"));

        Assert.That((server.Stores.LastIndex, List(server).Count), Is.EqualTo((4ul, 0)));
        Assert.That(Read(server).Configuration, Is.EqualTo(cluster.Founders));
    }

    [Test]
    public void A_store_that_keeps_no_snapshots_does_not_cost_the_server_its_log()
    {
        using VirtualCluster cluster = Stopped(known: 0, 1, 1, 1);
        cluster.Servers[0].Snapshots = new DiscardSnapshotStore();

        Assert.That(() => Recover(cluster.Servers[0], Alone), Throws.TypeOf<StoreException>());

        Assert.That(cluster.Servers[0].Stores.LastIndex, Is.EqualTo(4));
        Assert.That(Read(cluster.Servers[0]).Configuration, Is.EqualTo(cluster.Founders));
    }

    [Test]
    public void Where_no_snapshot_can_be_restored_nothing_is_recovered()
    {
        using VirtualCluster cluster = Stopped(known: 0, 1, 1, 1);
        VirtualServer server = cluster.Servers[0];
        Write(server, new SnapshotPoint(3, 1, cluster.Founders, 1), "nonsense\n");

        Assert.That(() => Recover(server, Alone), Throws.TypeOf<StoreException>().With.Message.Contains("can be restored"));

        Assert.That(server.Stores.LastIndex, Is.EqualTo(4));
    }

    [Test]
    public void A_recovered_server_refuses_entries_that_contradict_the_end_of_its_snapshot()
    {
        using VirtualCluster cluster = Stopped(known: 0, 1, 1);
        VirtualServer server = cluster.Servers[0];
        server.Config = server.Config with { HeartbeatTimeout = TimeSpan.FromMinutes(9), ElectionTimeout = TimeSpan.FromMinutes(9) };
        Recover(server, cluster.Founders);
        cluster.Start(server);

        // A leader whose own log was shorter, and whose entry 3 is therefore another one.
        var answer = new LoneFollower.Answer();
        AppendEntriesRequest request = LoneFollower.Append("n2", 5, 2, 1, commit: 4, LoneFollower.Entries(3, 5, 5));
        cluster.Network.Carry(request.Header.Address, server.Address, request, answer.Set);
        cluster.Pass(TimeSpan.FromSeconds(1));

        Assert.That((answer.Append.Success, server.Node!.LastIndex), Is.EqualTo((false, 3ul)));
    }

    [Test]
    public void Members_without_this_server_or_without_a_voter_are_refused()
    {
        using VirtualCluster cluster = Stopped(known: 0, 1);

        Assert.That(() => Recover(cluster.Servers[0], new ClusterConfiguration(new Server("n2", "addr2"))), Throws.ArgumentException);
        Assert.That(() => Recover(cluster.Servers[0], ClusterConfiguration.Empty), Throws.ArgumentException);
    }

    [Test]
    public void A_server_that_lost_its_disk_and_has_not_got_its_log_back_is_not_recovered()
    {
        using VirtualCluster cluster = Stopped(known: 0, 1, 1);
        VirtualServer server = cluster.Servers[0];
        cluster.Run(new RejoinPoint(4, 2).SaveAsync(server.Stores).AsTask());
        Assert.That(
            () => Recover(server, Alone), Throws.TypeOf<NothingToRecoverException>().With.Message.Contains("entry 4"));
        cluster.Run(new RejoinPoint(3, 1).SaveAsync(server.Stores).AsTask());

        Assert.That(Recover(server, Alone).LastIndex, Is.EqualTo(3));
    }

    /// <summary>A server of three that does not run, with a log behind its bootstrap; its snapshots and its state machine are new.</summary>
    private static VirtualCluster Stopped(ulong known, params ulong[] terms)
    {
        var cluster = new VirtualCluster(servers: 3);
        cluster.Seed(cluster.Servers[0], terms[^1], LoneFollower.Entries(2, terms));
        cluster.Servers[0].Stores.KnownCommitIndex = known;
        return cluster;
    }

    private static MemoryStream Bytes(string text) => new(Encoding.UTF8.GetBytes(text));

    private static void Write(VirtualServer server, SnapshotPoint point, string state)
    {
        ISnapshotSink sink = server.Snapshots.CreateAsync(point).AsTask().GetAwaiter().GetResult();
        sink.WriteAsync(Encoding.UTF8.GetBytes(state)).AsTask().GetAwaiter().GetResult();
        sink.CommitAsync().AsTask().GetAwaiter().GetResult();
    }

    private static IReadOnlyList<SnapshotMeta> List(VirtualServer server) =>
        server.Snapshots.ListAsync().AsTask().GetAwaiter().GetResult();

    private static IndexedConfiguration Read(VirtualServer server) =>
        RaftNode.ReadConfigurationAsync(server.Stores, server.Stores, server.Snapshots).GetAwaiter().GetResult();

    private static RecoveryReport Recover(
        VirtualServer server, ClusterConfiguration configuration, bool acceptsUncommitted = true, CountingFsm? fsm = null) =>
        RaftNode.RecoverClusterAsync(
            server.Config, fsm ?? new CountingFsm(), server.Stores, server.Stores, server.Snapshots, configuration,
            acceptsUncommitted).GetAwaiter().GetResult();
}
