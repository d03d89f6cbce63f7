using System.Text;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>What callers of a node are promised.</summary>
public sealed class ApiTests
{
    [Test]
    [Reference("B5", "a23", "j05")]
    public void A_follower_refuses_commands_and_says_who_leads()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.First(s => s != leader);

        Assert.That(
            () => cluster.Run(cluster.Apply(follower, "a")),
            Throws.TypeOf<NotLeaderException>().With.Message.Contains($"ask {leader.Id} at {leader.Address}"));
        Assert.That(() => cluster.Run(cluster.Apply(follower, "again")), Throws.TypeOf<NotLeaderException>());
        Assert.That(() => cluster.Run(follower.Node!.VerifyLeaderAsync()), Throws.TypeOf<NotLeaderException>());
        Assert.That(() => cluster.Run(follower.Node!.BarrierAsync()), Throws.TypeOf<NotLeaderException>());
    }

    [Test]
    [Reference("B8")]
    public void A_barrier_completes_when_everything_before_it_is_applied()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        for (int i = 0; i < 100; i++)
        {
            _ = cluster.Apply(leader, $"c{i}");
        }

        ApplyResult barrier = cluster.Run(leader.Node!.BarrierAsync());

        Assert.That(leader.Fsm.Applied, Has.Count.EqualTo(100));
        Assert.That(barrier.Response, Is.Null);
        Assert.That(barrier.Index, Is.EqualTo(103));
    }

    [Test]
    [Reference("B7", "c01", "c03", "c04")]
    public void A_full_queue_makes_callers_wait_and_then_refuses_what_was_not_appended()
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            servers: 3,
            prepare: s => s.Config = s.Config with
            {
                Limits = new RaftLimits { ApplyQueueCountMax = 2, ApplyWaitersMax = 2, UncommittedBytesMax = 1, BatchCountMax = 1 },
            });
        VirtualServer leader = cluster.Leaders.Single();
        foreach (VirtualServer server in cluster.Servers.Where(s => s != leader))
        {
            server.Stores.HoldLogWrites = true;
        }

        Task<ApplyResult> appended = cluster.Apply(leader, "appended");
        cluster.Pass(TimeSpan.FromMilliseconds(10));
        Task<ApplyResult>[] queued = [cluster.Apply(leader, "q1"), cluster.Apply(leader, "q2")];
        Task<ApplyResult> patient = leader.Node!.ApplyAsync("patient"u8.ToArray(), TimeSpan.FromSeconds(20)).AsTask();
        Task<ApplyResult> impatient = leader.Node.ApplyAsync("impatient"u8.ToArray(), TimeSpan.FromMilliseconds(50)).AsTask();
        Task<ApplyResult> tooMany = leader.Node.ApplyAsync("tooMany"u8.ToArray(), TimeSpan.FromSeconds(20)).AsTask();

        Assert.That(() => cluster.Run(tooMany), Throws.TypeOf<EnqueueTimeoutException>());
        Assert.That(() => cluster.Run(impatient), Throws.TypeOf<EnqueueTimeoutException>());
        foreach (VirtualServer server in cluster.Servers)
        {
            server.Stores.ReleaseWrites();
        }

        cluster.Run(Task.WhenAll(appended, queued[0], queued[1], patient));
        Assert.That(
            leader.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "appended", "q1", "q2", "patient" }));
    }

    [Test]
    public void A_command_over_the_limit_is_refused()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 1);

        Assert.That(
            () => cluster.Run(cluster.Servers[0].Node!.ApplyAsync(new byte[(8 << 20) + 1])),
            Throws.TypeOf<EntryTooLargeException>().With.Message.Contains("8388608"));
    }

    [Test]
    [Reference("a22")]
    public void A_command_without_bytes_is_a_command_like_others()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);

        ApplyResult result = cluster.Run(cluster.Apply(cluster.Leaders.Single(), ""));
        cluster.AwaitSame();

        Assert.That(cluster.Servers.Select(s => s.Fsm.Applied.Single()), Is.All.EqualTo((result.Index, result.Term, "")));
    }

    [Test]
    [Reference("c01")]
    public void Cancelling_ends_the_wait_and_not_the_command()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        using var cancel = new CancellationTokenSource();

        Task<ApplyResult> apply = leader.Node!.ApplyAsync("a"u8.ToArray(), cancellationToken: cancel.Token).AsTask();
        cancel.Cancel();

        Assert.That(() => cluster.Run(apply), Throws.InstanceOf<OperationCanceledException>());
        cluster.Await("the command is applied all the same", () => leader.Fsm.Applied.Count == 1);
    }

    [Test]
    [Reference("A1", "A2", "c03")]
    public void After_the_stop_everything_is_refused_and_stopping_again_is_harmless()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 1);
        VirtualServer server = cluster.Servers[0];
        RaftNode node = server.Node!;

        cluster.Run(node.ShutdownAsync());
        cluster.Run(node.ShutdownAsync());

        Assert.That(() => cluster.Run(cluster.Apply(server, "a")), Throws.TypeOf<RaftShutdownException>());
        Assert.That(() => cluster.Run(node.BarrierAsync()), Throws.TypeOf<RaftShutdownException>());
        Assert.That(() => cluster.Run(node.VerifyLeaderAsync()), Throws.TypeOf<RaftShutdownException>());
        Assert.That(() => cluster.Run(node.InspectAsync(i => i)), Throws.TypeOf<RaftShutdownException>());
        Assert.That(() => cluster.Run(node.AddVoterAsync("n2", "addr2")), Throws.TypeOf<RaftShutdownException>());
        Assert.That(() => cluster.Run(node.AddNonvoterAsync("n2", "addr2")), Throws.TypeOf<RaftShutdownException>());
        Assert.That(() => cluster.Run(node.DemoteVoterAsync("n2")), Throws.TypeOf<RaftShutdownException>());
        Assert.That(() => cluster.Run(node.RemoveServerAsync("n2")), Throws.TypeOf<RaftShutdownException>());
        Assert.That(() => cluster.Run(node.SnapshotAsync()), Throws.TypeOf<RaftShutdownException>());
        Assert.That(cluster.Run(node.GetStatusAsync()).State, Is.EqualTo(RaftState.Shutdown));
        Assert.That(node.Completion.IsCompletedSuccessfully, Is.True);
        server.Node = null;
    }

    [Test]
    public void Stopping_tells_every_caller_that_waits()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        foreach (VirtualServer server in cluster.Servers)
        {
            server.Stores.HoldLogWrites = true;
        }

        Task[] waiting =
        [
            .. Enumerable.Range(0, 50).Select(i => (Task)cluster.Apply(leader, $"c{i}")),
            leader.Node!.BarrierAsync(),
        ];
        cluster.Pass(TimeSpan.FromMilliseconds(20));
        Task stopped = leader.Node.ShutdownAsync();
        leader.Stores.ReleaseWrites();
        cluster.Run(stopped);
        cluster.Await("all were told", () => waiting.All(t => t.IsCompleted));

        Assert.That(waiting.Select(t => t.Exception?.InnerException), Is.All.InstanceOf<RaftException>());
        leader.Node = null;
    }

    [Test]
    [Reference("b03", "b09")]
    public void A_state_machine_that_throws_stops_its_node_and_names_the_entry()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        leader.Fsm.ThrowsAt = "bad";

        Task<ApplyResult> apply = cluster.Apply(leader, "bad");
        cluster.Await("the node stopped", () => leader.Node!.Completion.IsCompleted);

        Assert.That(() => cluster.Run(apply), Throws.InstanceOf<LeadershipLostException>());
        Assert.That(leader.Node!.Completion.Exception!.InnerException!.Message, Does.Contain("entries 3 to 3").And.Contain("cannot apply bad"));
        cluster.AwaitLeader([.. cluster.Servers.Where(s => s != leader)]);
    }

    [Test]
    [Reference("B11", "c28", "c29")]
    public void A_batching_state_machine_gets_entries_together_and_answers_each()
    {
        using var cluster = new VirtualCluster(servers: 1);
        var fsm = new BatchingFsm();
        VirtualServer server = cluster.Servers[0];
        cluster.Start(server, fsm);
        cluster.Run(server.Node!.BootstrapClusterAsync(cluster.Founders));
        cluster.AwaitLeader();

        Task<ApplyResult>[] applies = [.. Enumerable.Range(0, 100).Select(i => cluster.Apply(server, $"c{i}"))];
        cluster.Run(Task.WhenAll(applies));

        Assert.That(applies.Select(a => a.Result.Response), Is.EqualTo(Enumerable.Range(0, 100).Select(i => $"c{i}")));
        Assert.That(fsm.Batches.Max(), Is.EqualTo(64), "MaxAppendEntries bounds a batch");
    }

    [Test]
    [Reference("A4", "d11")]
    public void Bootstrap_is_refused_on_a_server_with_state_and_for_one_that_has_no_vote()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        foreach (VirtualServer server in cluster.Servers)
        {
            Assert.That(
                () => cluster.Run(server.Node!.BootstrapClusterAsync(cluster.Founders)),
                Throws.TypeOf<CannotBootstrapException>(), server.Id.ToString());
        }

        using var blank = new VirtualCluster(servers: 1);
        blank.StartAll();
        var n2 = new Server("n2", "addr2");
        Assert.That(
            () => blank.Run(blank.Servers[0].Node!.BootstrapClusterAsync(new ClusterConfiguration(n2))),
            Throws.TypeOf<NotVoterException>());
        Assert.That(
            () => blank.Run(blank.Servers[0].Node!.BootstrapClusterAsync(
                new ClusterConfiguration(n2, new Server("n1", "addr1", ServerSuffrage.Nonvoter)))),
            Throws.TypeOf<NotVoterException>());
        Assert.That(leader.Node!.State, Is.EqualTo(RaftState.Leader));
    }

    [Test]
    public void A_node_refuses_to_start_on_a_log_that_is_newer_than_its_term()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 1);
        VirtualServer server = cluster.Servers[0];
        cluster.Kill(server);
        cluster.Run(server.Stores.SaveAsync(new TermAndVote(1)).AsTask());

        Assert.That(() => cluster.Start(server), Throws.TypeOf<CorruptStoreException>().With.Message.Contains("term 2"));
    }

    [Test]
    public void An_interrupted_bootstrap_can_be_repeated()
    {
        using var cluster = new VirtualCluster(servers: 1);
        VirtualServer server = cluster.Servers[0];
        cluster.Run(server.Stores.SaveAsync(new TermAndVote(1)).AsTask());
        cluster.Start(server);

        cluster.Run(server.Node!.BootstrapClusterAsync(cluster.Founders));

        cluster.AwaitLeader();
    }

    [Test]
    [Reference("c17", "a29")]
    public void Status_shows_followers_on_the_leader_only()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        cluster.Run(cluster.Apply(leader, "a"));
        cluster.AwaitSame();

        RaftStatus status = cluster.Run(leader.Node!.GetStatusAsync());
        RaftStatus other = cluster.Run(cluster.Servers.First(s => s != leader).Node!.GetStatusAsync());

        Assert.That(status.Followers.Select(f => (f.MatchIndex, f.NextIndex, f.Mode)), Is.All.EqualTo((3ul, 4ul, "Pipeline")));
        Assert.That(status.LastContact, Is.Null);
        Assert.That(other.Followers, Is.Empty);
        Assert.That(other.LastContact, Is.LessThan(TimeSpan.FromSeconds(1)));
        Assert.That(other.ConfigurationIndex, Is.EqualTo(1));
    }

    private sealed class BatchingFsm : IBatchingFsm
    {
        public List<int> Batches { get; } = [];

        public IFsmSnapshot Snapshot() => throw new NotSupportedException();

        public Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken) => throw new NotSupportedException();

        public object? Apply(LogEntry entry) => throw new InvalidOperationException("batches only");

        public void ApplyBatch(ReadOnlySpan<LogEntry> entries, Span<object?> responses)
        {
            Batches.Add(entries.Length);
            for (int i = 0; i < entries.Length; i++)
            {
                responses[i] = Encoding.UTF8.GetString(entries[i].Data.Span);
            }
        }
    }
}
