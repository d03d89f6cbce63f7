using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Reads on any server, each as new as it promises.</summary>
public sealed class ReadLevelTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(5);

    [Test]
    public void A_linearizable_read_on_a_follower_sees_what_was_acknowledged_before_and_is_told_of_it_at_once()
    {
        using VirtualCluster cluster = Running();
        VirtualServer leader = cluster.Leaders.Single();
        foreach (VirtualServer follower in cluster.Servers.Where(s => s != leader))
        {
            cluster.Run(cluster.Apply(leader, $"for {follower.Id}"));
            TimeSpan since = cluster.Clock.Now;

            IReadOnlyList<string> seen = cluster.Run(Read(follower, ReadConsistency.Linearizable));

            Assert.That(seen, Does.Contain($"for {follower.Id}"));
            Assert.That(cluster.Clock.Now - since, Is.LessThan(leader.Config.CommitTimeout), "it does not wait for the next commit message");
        }
    }

    [Test]
    public void A_nonvoter_reads_linearizably_too()
    {
        using VirtualCluster cluster = Running(servers: 3, founders: 2);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer nonvoter = cluster.Servers[2];
        cluster.Start(nonvoter);
        cluster.Run(leader.Node!.AddNonvoterAsync(nonvoter.Id, nonvoter.Address));
        cluster.Await("it has heard the leader", () => nonvoter.Node!.Leader.Id == leader.Id);
        cluster.Run(cluster.Apply(leader, "a"));

        Assert.That(cluster.Run(Read(nonvoter, ReadConsistency.Linearizable)), Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public void Reads_of_a_follower_that_wait_together_cost_one_question_and_one_round()
    {
        using VirtualCluster cluster = Running();
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.First(s => s != leader);
        int questions = 0;
        int heartbeats = 0;
        cluster.Network.Filter = (from, _, request) =>
        {
            questions += request is AskRequest && from == follower.Address ? 1 : 0;
            heartbeats += request is AppendEntriesRequest { IsHeartbeat: true } ? 1 : 0;
            return true;
        };

        cluster.Run(Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => follower.Node!.ReadIndexAsync())));

        Assert.That(questions, Is.EqualTo(1));
        Assert.That(heartbeats, Is.LessThanOrEqualTo(8));
    }

    [Test]
    public void A_linearizable_read_goes_on_at_the_next_leader()
    {
        using VirtualCluster cluster = Running();
        VirtualServer old = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.First(s => s != old);
        cluster.Run(cluster.Apply(old, "a"));
        cluster.Kill(old);

        Task<IReadOnlyList<string>> read = Read(follower, ReadConsistency.Linearizable);

        Assert.That(cluster.Run(read), Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public void A_leader_that_is_cut_off_lets_nobody_read_and_hands_what_waits_to_its_successor()
    {
        using VirtualCluster cluster = Running();
        VirtualServer old = cluster.Leaders.Single();
        cluster.Network.Isolate(old.Address, cluster.Servers.Select(s => s.Address));
        Task<IReadOnlyList<string>> read = Read(old, ReadConsistency.Linearizable);
        cluster.Pass(TimeSpan.FromMilliseconds(400));
        Assert.That(read.IsCompleted, Is.False);
        VirtualServer leader = cluster.AwaitLeader([.. cluster.Servers.Where(s => s != old)]);
        cluster.Run(cluster.Apply(leader, "unknown to the old leader"));

        cluster.Network.Heal();

        Assert.That(cluster.Run(read), Is.EqualTo(new[] { "unknown to the old leader" }));
    }

    [Test]
    public void Without_a_leader_a_linearizable_read_fails_when_its_time_is_up_and_reads_nothing()
    {
        using VirtualCluster cluster = Running();
        VirtualServer one = cluster.Leaders.Single();
        foreach (VirtualServer other in cluster.Servers.Where(s => s != one).ToArray())
        {
            cluster.Kill(other);
        }

        TimeSpan since = cluster.Clock.Now;
        Task<IReadOnlyList<string>> read = Read(one, ReadConsistency.Linearizable);

        Assert.That(() => cluster.Run(read), Throws.TypeOf<NotLeaderException>().With.Message.Contains("Nothing was read"));
        Assert.That(cluster.Clock.Now - since, Is.EqualTo(one.Config.LeaderWaitTimeout).Within(Moment));
    }

    [Test]
    public void A_client_reads_its_own_write_from_any_server_by_its_index()
    {
        using VirtualCluster cluster = Running();
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.First(s => s != leader);
        cluster.Network.Isolate(follower.Address, cluster.Servers.Select(s => s.Address));
        ApplyResult written = cluster.Run(cluster.Apply(leader, "mine"));

        Task<IReadOnlyList<string>> local = Read(follower, ReadConsistency.Local);
        Task<IReadOnlyList<string>> own = Read(follower, ReadConsistency.AtLeast(written.Index));
        cluster.Pass(TimeSpan.FromMilliseconds(100));
        Assert.That(cluster.Run(local), Is.Empty);
        Assert.That(own.IsCompleted, Is.False);
        cluster.Network.Heal();

        Assert.That(cluster.Run(own), Is.EqualTo(new[] { "mine" }));
    }

    [Test]
    public void A_read_that_is_given_up_leaves_its_place_to_others()
    {
        using VirtualCluster cluster = Running(prepare: s => s.Config = s.Config with { Limits = new RaftLimits { RequestQueueCountMax = 2 } });
        VirtualServer leader = cluster.Leaders.Single();
        using var giveUp = new CancellationTokenSource();
        Task<IReadOnlyList<string>>[] far =
            [.. Enumerable.Range(0, 2).Select(_ => Read(leader, ReadConsistency.AtLeast(1_000_000), giveUp.Token))];
        Assert.That(() => cluster.Run(Read(leader, ReadConsistency.Local)), Throws.TypeOf<EnqueueTimeoutException>());

        giveUp.Cancel();

        Assert.That(() => cluster.Run(far[0]), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(cluster.Run(Read(leader, ReadConsistency.Local)), Is.Empty);
    }

    [Test]
    public void A_read_of_bounded_staleness_asks_no_more_often_than_its_bound_and_never_shows_an_older_state()
    {
        using VirtualCluster cluster = Running();
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.First(s => s != leader);
        int questions = 0;
        cluster.Network.Filter = (from, _, request) =>
        {
            questions += request is AskRequest && from == follower.Address ? 1 : 0;
            return true;
        };
        var bound = TimeSpan.FromMilliseconds(200);
        var written = new List<(TimeSpan At, string Value)>();
        for (int i = 0; i < 100; i++)
        {
            cluster.Run(cluster.Apply(leader, $"{i}"));
            written.Add((cluster.Clock.Now, $"{i}"));
            TimeSpan asked = cluster.Clock.Now;
            IReadOnlyList<string> seen = cluster.Run(Read(follower, ReadConsistency.BoundedStaleness(bound)));
            Assert.That(seen, Is.SupersetOf(written.Where(w => w.At <= asked - bound).Select(w => w.Value)));
            cluster.Pass(TimeSpan.FromMilliseconds(7));
        }

        Assert.That(questions, Is.InRange(2, (cluster.Clock.Now.TotalMilliseconds / bound.TotalMilliseconds) + 2));
    }

    [Test]
    public void Within_its_bound_a_server_that_is_cut_off_serves_and_beyond_it_fails()
    {
        using VirtualCluster cluster = Running();
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.First(s => s != leader);
        cluster.Run(cluster.Apply(leader, "a"));
        cluster.Run(Read(follower, ReadConsistency.BoundedStaleness(TimeSpan.Zero)));
        cluster.Network.Isolate(follower.Address, cluster.Servers.Select(s => s.Address));
        cluster.Pass(TimeSpan.FromSeconds(2));

        Assert.That(cluster.Run(Read(follower, ReadConsistency.BoundedStaleness(TimeSpan.FromSeconds(3)))), Is.EqualTo(new[] { "a" }));
        Assert.That(
            () => cluster.Run(Read(follower, ReadConsistency.BoundedStaleness(TimeSpan.FromSeconds(1)))), Throws.TypeOf<NotLeaderException>());
    }

    [Test]
    public void A_state_machine_of_another_kind_and_a_reader_that_throws_are_the_callers_to_hear()
    {
        using VirtualCluster cluster = Running();
        RaftNode node = cluster.Leaders.Single().Node!;

        Assert.That(
            () => cluster.Run(node.ReadAsync<string, int>(ReadConsistency.Local, static text => text.Length)), Throws.ArgumentException);
        Assert.That(
            () => cluster.Run(node.ReadAsync<CountingFsm, int>(ReadConsistency.Linearizable, static _ => throw new TimeoutException())),
            Throws.TypeOf<TimeoutException>());
        Assert.That(node.State, Is.EqualTo(RaftState.Leader));
        Assert.That(() => ReadConsistency.BoundedStaleness(TimeSpan.FromTicks(-1)), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    private static VirtualCluster Running(int servers = 3, int? founders = null, Action<VirtualServer>? prepare = null) =>
        VirtualCluster.Running(servers, prepare, founders: founders);

    private static Task<IReadOnlyList<string>> Read(
        VirtualServer server, ReadConsistency consistency, CancellationToken cancellationToken = default) =>
        server.Node!.ReadAsync<CountingFsm, IReadOnlyList<string>>(
            consistency, static fsm => [.. fsm.Applied.Select(a => a.Command)], cancellationToken);
}
