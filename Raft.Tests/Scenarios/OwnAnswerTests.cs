using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Every caller is told of its own command, whatever else ends meanwhile.</summary>
public sealed class OwnAnswerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Test]
    public void A_command_that_is_awaited_is_used_again_for_the_next()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();

        for (int i = 0; i < 50; i++)
        {
            Assert.That(cluster.Run(cluster.Apply(leader, $"c{i}")).Response, Is.EqualTo($"c{i}"));
        }

        Assert.That(leader.Node!.Core.Commands.Count, Is.EqualTo(1));
    }

    [Test]
    public void A_command_whose_bytes_were_let_go_is_refused_and_those_beside_it_are_done()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        RaftNode node = leader.Node!;

        Task<ApplyResult> before = cluster.Apply(leader, "before");
        Task<ApplyResult> gone = node.ApplyAsync(new GoneMemory().Memory).AsTask();
        Task<ApplyResult> behind = cluster.Apply(leader, "behind");

        Assert.That(() => cluster.Run(gone), Throws.TypeOf<RaftException>().With.Message.Contains("Nothing was appended"));
        Assert.That(cluster.Run(before).Response, Is.EqualTo("before"));
        Assert.That(cluster.Run(behind).Response, Is.EqualTo("behind"));
        Assert.That(node.State, Is.EqualTo(RaftState.Leader));
    }

    [Test]
    public void A_caller_that_ends_its_wait_leaves_a_command_that_the_node_holds_and_nobody_uses_again()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        RaftNode node = leader.Node!;
        cluster.Run(cluster.Apply(leader, "before"));
        cluster.Network.Isolate(leader.Address, cluster.Servers.Select(s => s.Address));
        using var cancel = new CancellationTokenSource();
        Task<ApplyResult> left = node.ApplyAsync("left"u8.ToArray(), cancellationToken: cancel.Token).AsTask();
        cluster.Pass(TimeSpan.FromMilliseconds(5));
        cancel.Cancel();

        Assert.That(() => cluster.Run(left), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(node.Core.Commands.Count, Is.EqualTo(1), "that of before alone");
        Task<ApplyResult> next = cluster.Apply(leader, "next");
        cluster.Await("it stepped down", () => node.State != RaftState.Leader);

        Assert.That(() => cluster.Run(next), Throws.TypeOf<LeadershipLostException>());
        Assert.That(node.Core.Commands.Count, Is.EqualTo(1));
    }

    [Test]
    public void A_command_that_found_no_place_in_time_is_used_again_and_answers_for_the_next_alone()
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            servers: 3,
            prepare: s => s.Config = s.Config with
            {
                Limits = new RaftLimits { ApplyQueueCountMax = 1, UncommittedBytesMax = 1, BatchCountMax = 1 },
            });
        VirtualServer leader = cluster.Leaders.Single();
        foreach (VirtualServer server in cluster.Servers.Where(s => s != leader))
        {
            server.Stores.HoldLogWrites = true;
        }

        Task<ApplyResult> appended = cluster.Apply(leader, "appended");
        cluster.Pass(TimeSpan.FromMilliseconds(1));
        Task<ApplyResult> queued = cluster.Apply(leader, "queued");
        Task<ApplyResult> late = leader.Node!.ApplyAsync("late"u8.ToArray(), TimeSpan.FromMilliseconds(5)).AsTask();
        cluster.Pass(TimeSpan.FromMilliseconds(10));
        Assert.That(() => cluster.Run(late), Throws.TypeOf<EnqueueTimeoutException>());
        Assert.That(leader.Node.Core.Commands.Count, Is.EqualTo(1));

        Task<ApplyResult> next = cluster.Apply(leader, "next");
        Assert.That(leader.Node.Core.Commands.Count, Is.Zero);
        foreach (VirtualServer server in cluster.Servers)
        {
            server.Stores.ReleaseWrites();
        }

        Assert.That(cluster.Run(appended).Response, Is.EqualTo("appended"));
        Assert.That(cluster.Run(queued).Response, Is.EqualTo("queued"));
        Assert.That(cluster.Run(next).Response, Is.EqualTo("next"));
        Assert.That(leader.Fsm.Applied.Select(a => a.Command), Has.None.EqualTo("late"));
    }

    [Test]
    public void Where_the_state_machine_throws_within_a_group_those_before_have_their_answers_and_those_behind_are_told()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        leader.Fsm.ThrowsAt = "c3";

        Task<ApplyResult>[] calls = [.. Enumerable.Range(0, 6).Select(i => cluster.Apply(leader, $"c{i}"))];
        cluster.Await("all are told", () => calls.All(c => c.IsCompleted));

        Assert.That(calls[..3].Select(c => c.GetAwaiter().GetResult().Response), Is.EqualTo(new[] { "c0", "c1", "c2" }));
        Assert.That(calls[3..].Select(c => c.Exception!.InnerException), Is.All.TypeOf<LeadershipLostException>());
        Assert.That(() => cluster.Run(leader.Node!.Completion), Throws.TypeOf<RaftFatalException>());
        leader.Node = null;
    }

    [Test]
    public async Task Callers_on_many_threads_each_get_their_own_answer_while_the_leadership_moves_and_waits_end()
    {
        var network = new InMemoryNetwork(TimeProvider.System);
        var members = new ClusterConfiguration(Enumerable.Range(1, 3).Select(i => new Server($"n{i}", $"n{i}")));
        var nodes = new List<RaftNode>();
        foreach (Server member in members.Servers)
        {
            nodes.Add(await StartAsync(network, members, member));
        }

        var tally = new Tally();
        using var stop = new CancellationTokenSource(Limit);
        Task[] callers = [.. Enumerable.Range(0, 64).Select(c => Task.Run(() => CallAsync(nodes, c, tally, stop.Token)))];
        Task mover = Task.Run(() => MoveAsync(nodes, tally, stop.Token));
        while (!stop.IsCancellationRequested && tally.IsWrong is null && (tally.Done < 20_000 || tally.Moves < 8))
        {
            await Task.Delay(10);
        }

        await stop.CancelAsync();
        await Task.WhenAll([.. callers, mover]).WaitAsync(Limit);
        foreach (RaftNode node in nodes)
        {
            await node.DisposeAsync();
        }

        TestContext.Out.WriteLine(tally);
        Assert.That(tally.IsWrong, Is.Null);
        Assert.That(tally.Done, Is.GreaterThanOrEqualTo(20_000));
        Assert.That(tally.Moves, Is.GreaterThanOrEqualTo(8));
        Assert.That(tally.NotDone, Is.GreaterThan(0));
    }

    private static async Task<RaftNode> StartAsync(InMemoryNetwork network, ClusterConfiguration members, Server member)
    {
        var config = new RaftConfig
        {
            LocalId = member.Id,
            HeartbeatTimeout = TimeSpan.FromMilliseconds(200),
            ElectionTimeout = TimeSpan.FromMilliseconds(200),
            LeaderLeaseTimeout = TimeSpan.FromMilliseconds(200),
            Limits = new RaftLimits { ApplyQueueCountMax = 8, BatchCountMax = 16 },
        };
        var log = new InMemoryLogStore();
        var stable = new InMemoryStableStore();
        var snapshots = new InMemorySnapshotStore();
        await RaftNode.BootstrapClusterAsync(config, log, stable, snapshots, members);
        return await RaftNode.StartAsync(config, new Echo(), log, stable, snapshots, network.CreateTransport(member.Address));
    }

    private static async Task CallAsync(List<RaftNode> nodes, int caller, Tally tally, CancellationToken stop)
    {
        var random = new Random(caller);
        for (int call = 0; !stop.IsCancellationRequested; call++)
        {
            RaftNode node = nodes.Find(n => n.State == RaftState.Leader) ?? nodes[random.Next(nodes.Count)];
            string command = $"{caller}:{call}";
            using var patience = new CancellationTokenSource();
            bool mayLeave = random.Next(8) == 0;
            if (mayLeave)
            {
                patience.CancelAfter(TimeSpan.FromMilliseconds(random.Next(3)));
            }

            // Few places, and little patience for one: many are refused in time.
            var within = TimeSpan.FromMilliseconds(random.Next(1, 20));
            try
            {
                ApplyResult result = await node.ApplyAsync(
                    Encoding.UTF8.GetBytes(command), within, mayLeave ? patience.Token : CancellationToken.None);
                tally.Answered(command, result);
            }
            catch (Exception failure) when (failure is RaftException or OperationCanceledException)
            {
                tally.Failed(failure);

                // Refused at once, it would never give its thread back, and no thread would be left for the nodes.
                await Task.Yield();
            }
            catch (Exception failure)
            {
                tally.IsWrong ??= $"{command}: {failure}";
            }
        }
    }

    private static async Task MoveAsync(List<RaftNode> nodes, Tally tally, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(20, stop);
                if (nodes.Find(n => n.State == RaftState.Leader) is { } leader)
                {
                    await leader.TransferLeadershipAsync(cancellationToken: stop);
                    tally.Moved();
                }
            }
            catch (Exception failure) when (failure is RaftException or OperationCanceledException)
            {
                // It is tried again, as long as there is time.
            }
        }
    }

    private sealed class Tally
    {
        private readonly ConcurrentDictionary<ulong, string> _places = new();
        private readonly ConcurrentDictionary<string, int> _failures = new();
        private int _moves;
        private volatile string? _isWrong;

        public int Done => _places.Count;

        public int Moves => _moves;

        public int NotDone => _failures.Values.Sum();

        public string? IsWrong
        {
            get => _isWrong;
            set => _isWrong = value;
        }

        public void Answered(string command, ApplyResult result)
        {
            if (result.Response is not string echo || echo != command)
            {
                IsWrong ??= $"{command} was answered with {result}";
            }

            if (!_places.TryAdd(result.Index, command))
            {
                IsWrong ??= $"{command} and {_places[result.Index]} are both told that they stand at {result.Index}";
            }
        }

        public void Failed(Exception failure) => _failures.AddOrUpdate(failure.GetType().Name, 1, static (_, count) => count + 1);

        public void Moved() => Interlocked.Increment(ref _moves);

        public override string ToString() =>
            $"{Done} done, {Moves} moves, {string.Join(", ", _failures.Select(f => $"{f.Key} {f.Value}"))}";
    }

    /// <summary>Answers each command with itself.</summary>
    private sealed class Echo : IFsm
    {
        public object? Apply(LogEntry entry) => Encoding.UTF8.GetString(entry.Data.Span);

        public IFsmSnapshot Snapshot() => throw new NotSupportedException("None is taken.");

        public Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Eight bytes that cannot be read any more.</summary>
    private sealed class GoneMemory : MemoryManager<byte>
    {
        public override Memory<byte> Memory => CreateMemory(8);

        public override Span<byte> GetSpan() => throw new ObjectDisposedException("the caller's buffer");

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin() => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
        }
    }
}
