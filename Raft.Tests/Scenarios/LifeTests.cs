using Microsoft.Extensions.Logging;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Starting and ending a node while everything around it fails.</summary>
public sealed class LifeTests
{
    [Test]
    public void A_node_whose_transport_cannot_start_writes_nothing()
    {
        using var cluster = new VirtualCluster(servers: 1);
        VirtualServer server = cluster.Servers[0];
        cluster.Seed(server, term: 2);
        int writes = server.Stores.History.Count;

        Assert.That(
            () => cluster.Start(server, new ScriptedTransport { StartFailure = new IOException("port in use") }),
            Throws.TypeOf<IOException>());
        cluster.Pass(TimeSpan.FromSeconds(10));

        Assert.That(server.Stores.History.Skip(writes), Is.Empty);
    }

    [Test]
    public void A_logger_that_throws_stops_the_node_which_then_can_be_disposed()
    {
        using var cluster = new VirtualCluster(servers: 1);
        VirtualServer server = cluster.Servers[0];
        using var log = new ThrowingLoggerFactory();
        RaftNode node = cluster.Start(server, new ScriptedTransport(), log);

        cluster.Await("the node ended", () => node.Completion.IsCompleted);
        cluster.Run(node.ShutdownAsync());

        Assert.That(node.Completion.Exception!.InnerException!.Message, Does.Contain("the log's disk is full"));
        Assert.That(cluster.Run(node.GetStatusAsync()).State, Is.EqualTo(RaftState.Shutdown));
        server.Node = null;
    }

    [Test]
    [Reference("d09")]
    public void Stopping_waits_for_a_write_under_way_even_where_the_transport_fails_to_close()
    {
        using var cluster = new VirtualCluster(servers: 1);
        VirtualServer server = cluster.Servers[0];
        cluster.Seed(server, term: 2);
        RaftNode node = cluster.Start(server, new ScriptedTransport { CloseFailure = new IOException("socket") });
        cluster.Await("it leads", () => node.State == RaftState.Leader);
        cluster.Pass(TimeSpan.FromMilliseconds(50));
        server.Stores.HoldLogWrites = true;
        _ = cluster.Apply(server, "a");
        cluster.Pass(TimeSpan.FromMilliseconds(5));

        Task stop = node.ShutdownAsync();
        cluster.Pass(TimeSpan.FromMilliseconds(50));
        Assert.That(stop.IsCompleted, Is.False);
        server.Stores.ReleaseWrites();
        cluster.Run(stop);

        Assert.That(node.Completion.Exception!.InnerException!.Message, Does.Contain("socket"));
        server.Node = null;
    }

    [Test]
    public void A_question_is_answered_although_the_node_stops_while_it_probes_the_server()
    {
        using var cluster = new VirtualCluster(servers: 1);
        RaftNode node = cluster.Start(cluster.Servers[0], new ScriptedTransport());
        Task question = node.AskAsync("n9", "addr9", "where"u8.ToArray());
        cluster.Pass(TimeSpan.FromMilliseconds(10));

        cluster.Run(node.ShutdownAsync());
        cluster.Await("the question is answered", () => question.IsCompleted);

        Assert.That(question.Exception!.InnerException, Is.TypeOf<TransportException>());
        cluster.Servers[0].Node = null;
    }

    [Test]
    [Reference("B13")]
    public void W8_a_sender_never_waits_for_a_reader_that_left()
    {
        using var cluster = new VirtualCluster(servers: 2);
        VirtualServer server = cluster.Servers[0];
        cluster.Seed(server, term: 2);
        var transport = new ScriptedTransport
        {
            Grants = true,
            Pipelines = () => new StuckPipeline(cluster.Clock, TimeSpan.FromMilliseconds(500)),
        };
        RaftNode node = cluster.Start(server, transport);
        cluster.Await("it leads", () => node.State == RaftState.Leader);

        cluster.Await("it connects again", () => transport.Opened >= 3, TimeSpan.FromSeconds(10));
        cluster.Run(node.ShutdownAsync());
        server.Node = null;
    }

    [Test]
    public void Stopping_does_not_wait_for_a_follower_that_takes_nothing()
    {
        using var cluster = new VirtualCluster(servers: 2);
        VirtualServer server = cluster.Servers[0];
        cluster.Seed(server, term: 2);
        RaftNode node = cluster.Start(server, new ScriptedTransport
        {
            Grants = true,
            Pipelines = () => new StuckPipeline(cluster.Clock, TimeSpan.FromHours(1)),
        });
        cluster.Await("it leads", () => node.State == RaftState.Leader);

        cluster.Run(node.ShutdownAsync());

        server.Node = null;
    }

    [Test]
    public void A_stalled_disk_and_steady_reads_do_not_spin_the_heartbeats()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        cluster.Network.Latency = TimeSpan.FromMicroseconds(700);
        VirtualServer leader = cluster.Leaders.Single();
        leader.Stores.HoldLogWrites = true;
        _ = cluster.Apply(leader, "a");

        for (int i = 0; i < 1500; i++)
        {
            _ = leader.Node!.VerifyLeaderAsync();
            cluster.Pass(TimeSpan.FromMilliseconds(1));
        }

        Assert.That(leader.Node!.State, Is.EqualTo(RaftState.Follower));
        leader.Stores.ReleaseWrites();
    }

    [Test]
    public void A_blocked_state_machine_holds_back_writers_and_not_memory()
    {
        using var cluster = new VirtualCluster(servers: 1);
        VirtualServer server = cluster.Servers[0];
        server.Config = server.Config with
        {
            Limits = new RaftLimits { UnappliedBytesMax = 4 << 20, FsmReadAheadBytesMax = 1 << 20, TailBytesMax = 1 << 20 },
        };
        cluster.Seed(server, term: 2);
        cluster.BlockFsm = true;
        cluster.Start(server);
        cluster.Await("it leads", () => server.Node!.State == RaftState.Leader);

        for (int i = 0; i < 40; i++)
        {
            _ = server.Node!.ApplyAsync(new byte[1 << 20]).AsTask();
            cluster.Pass(TimeSpan.FromMilliseconds(1));
        }

        Assert.That(server.Node!.LastIndex, Is.InRange(5, 8), "the leader takes no more than it may hold unapplied");
        Assert.That(server.Node.Core.State.Log.BytesInMemory, Is.LessThanOrEqualTo(2 << 20));
        cluster.BlockFsm = false;
        cluster.Await("all are applied", () => server.Fsm.Applied.Count == 40);
    }

    private sealed class ThrowingLoggerFactory : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception).Contains("follows", StringComparison.Ordinal))
            {
                throw new IOException("the log's disk is full");
            }
        }

        public void Dispose()
        {
            // Nothing to let go of.
        }
    }
}
