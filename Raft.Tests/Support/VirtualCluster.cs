using System.Text;
using Microsoft.Extensions.Logging;
using Raft.Loop;
using Raft.Mutations;
using Raft.Storage;

namespace Raft.Tests.Support;

/// <summary>
/// A cluster of real nodes on one thread, with a virtual clock, a virtual network and disks that outlive the nodes. The
/// test moves it by waiting for conditions, each with a bound in virtual time that dumps all nodes when it is over.
/// </summary>
internal sealed class VirtualCluster : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private const int TimersMax = 2_000_000;

    private readonly VirtualScheduler _scheduler = new();
    private readonly VirtualScheduler _fsmScheduler = new();
    private readonly RecordingLoggerFactory _log;
    private readonly Mutation _mutation;

    public VirtualCluster(int servers, Action<VirtualServer>? prepare = null, Mutation mutation = Mutation.None)
    {
        _mutation = mutation;
        _log = new RecordingLoggerFactory(Clock);
        Network = new VirtualNetwork(Clock);
        Servers = [.. Enumerable.Range(1, servers).Select(i => new VirtualServer($"n{i}", $"addr{i}", Clock, seed: 1000 + i))];
        Founders = new ClusterConfiguration(Servers.Select(s => new Server(s.Id, s.Address)));
        foreach (VirtualServer server in Servers)
        {
            prepare?.Invoke(server);
        }
    }

    /// <summary>Whether the state machines stand still.</summary>
    public bool BlockFsm { get; set; }

    /// <summary>Whether the nodes measure themselves, once somebody listens.</summary>
    public bool IsMetered { get; init; } = true;

    public VirtualClock Clock { get; } = new();

    public VirtualNetwork Network { get; }

    public IReadOnlyList<VirtualServer> Servers { get; }

    public ClusterConfiguration Founders { get; set; }

    /// <summary>The servers that lead, in their own view.</summary>
    public IEnumerable<VirtualServer> Leaders => Servers.Where(s => s.Node?.State == RaftState.Leader);

    /// <summary>
    /// A cluster that runs and has a leader whose first entry all have applied. Where fewer than all are founders, the
    /// others are not started.
    /// </summary>
    public static VirtualCluster Running(
        int servers, Action<VirtualServer>? prepare = null, Mutation mutation = Mutation.None, int? founders = null)
    {
        var cluster = new VirtualCluster(servers, prepare, mutation);
        VirtualServer[] first = [.. cluster.Servers.Take(founders ?? servers)];
        cluster.Founders = new ClusterConfiguration(cluster.Founders.Servers.Take(first.Length));
        foreach (VirtualServer server in first)
        {
            cluster.Start(server);
        }

        cluster.Run(first[0].Node!.BootstrapClusterAsync(cluster.Founders));
        VirtualServer leader = cluster.AwaitLeader(first);
        cluster.Await("all servers applied the leader's first entry", () =>
            first.All(s => s.Node!.AppliedIndex >= 2 && s.Node.Leader.Id == leader.Id));
        return cluster;
    }

    public void StartAll()
    {
        foreach (VirtualServer server in Servers)
        {
            Start(server);
        }
    }

    public void Start(VirtualServer server) => Start(server, server.Fsm = new CountingFsm());

    public void Start(VirtualServer server, IFsm fsm) => Start(server, fsm, Network.Attach(server.Address), _log);

    public RaftNode Start(VirtualServer server, ITransport transport, ILoggerFactory? log = null) =>
        Start(server, server.Fsm = new CountingFsm(), transport, log ?? _log);

    /// <summary>Gives a server that is down a past: bootstrapped, in a term, with further entries.</summary>
    public void Seed(VirtualServer server, ulong term, params LogSlice[] entries)
    {
        var first = new LogSlice(LogBatchBuilder.Single(
            1, 1, LogType.Configuration, ConfigurationEncoding.Encode(Founders), LogTimestamp.Zero));
        Run(server.Stores.SaveAsync(new TermAndVote(term)).AsTask());
        Run(server.Stores.AppendAsync(new LogAppend([first, .. entries], term, CommitIndex: 0)).AsTask());
    }

    /// <summary>Ends a node as a power cut does: what was not durable is gone, and nobody is told.</summary>
    public void Kill(VirtualServer server)
    {
        server.Stores.Incarnation++;
        server.Stores.ReleaseWrites();
        Network.Isolate(server.Address, Servers.Select(s => s.Address));
        Run(server.Node!.ShutdownAsync());
        server.Node = null;
        Network.Heal();
    }

    /// <summary>Kills a process: its connections end and its port refuses, which the others see.</summary>
    public void KillProcess(VirtualServer server)
    {
        Kill(server);
        Network.EndConnections(server);
    }

    public VirtualServer AwaitLeader(params VirtualServer[] among)
    {
        VirtualServer[] candidates = among.Length == 0 ? [.. Servers] : among;
        Await("there is one leader", () =>
            candidates.Count(s => s.Node?.State == RaftState.Leader) == 1
            && candidates.First(s => s.Node?.State == RaftState.Leader).Node!.Term
                == candidates.Max(s => s.Node?.Term ?? 0));
        return candidates.First(s => s.Node?.State == RaftState.Leader);
    }

    /// <summary>Moves until a condition holds.</summary>
    public void Await(string what, Func<bool> condition, TimeSpan? within = null)
    {
        TimeSpan limit = Clock.Now + (within ?? Patience);
        for (int timers = 0; ; timers++)
        {
            Assert.That(timers, Is.LessThan(TimersMax), $"Timers fire without end until {what}.\n{Dump()}");
            RunReady();
            if (condition())
            {
                return;
            }

            if (!Clock.AdvanceToNextTimer(limit))
            {
                RunReady();
                Assert.That(condition(), Is.True, $"It did not come about that {what}.\n{Dump()}");
                return;
            }
        }
    }

    /// <summary>Moves for a time.</summary>
    public void Pass(TimeSpan time)
    {
        TimeSpan limit = Clock.Now + time;
        do
        {
            RunReady();
        }
        while (Clock.AdvanceToNextTimer(limit));
        RunReady();
    }

    /// <summary>Moves until a task completes, and gives its outcome.</summary>
    public T Run<T>(Task<T> task)
    {
        Await("the task completed", () => task.IsCompleted);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Moves until it completes, and gives its outcome.</summary>
    public T Run<T>(ValueTask<T> task) => Run(task.AsTask());

    /// <summary>Moves until a task completes, and gives its outcome.</summary>
    public void Run(Task task)
    {
        Await("the task completed", () => task.IsCompleted);
        task.GetAwaiter().GetResult();
    }

    /// <summary>Calls something on the thread's scheduler, so that the tasks which it starts stay on it.</summary>
    public T On<T>(Func<T> call) => Run(Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.None, _scheduler));

    /// <summary>Starts something that awaits, on the thread's scheduler.</summary>
    public Task<T> OnAsync<T>(Func<Task<T>> call) =>
        Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.None, _scheduler).Unwrap();

    /// <summary>Applies a command on a server.</summary>
    public Task<ApplyResult> Apply(VirtualServer server, string command) =>
        server.Node!.ApplyAsync(Encoding.UTF8.GetBytes(command)).AsTask();

    /// <summary>Waits until all running servers hold and have applied the same.</summary>
    public void AwaitSame() => Await("all servers hold and applied the same", () =>
    {
        VirtualServer[] up = [.. Servers.Where(s => s.Node is not null)];
        return up.All(s => s.Node!.LastIndex == up[0].Node!.LastIndex
                && s.Node.AppliedIndex == s.Node.LastIndex && Math.Max(
                    s.Stores.LastIndex, s.Node.Core.State.Log.SnapshotIndex) == s.Node.LastIndex)
            && up.All(s => s.Fsm.Applied.SequenceEqual(up[0].Fsm.Applied));
    });

    public string Dump()
    {
        var text = new StringBuilder($"at {Clock.Now}\n");
        foreach (VirtualServer server in Servers)
        {
            text.AppendLine(server.Describe());
        }

        return text.Append(_log.Last(60)).ToString();
    }

    public void Dispose()
    {
        foreach (VirtualServer server in Servers)
        {
            if (server.Node is { } node)
            {
                server.Stores.IsBroken = false;
                server.Stores.ReleaseWrites();
                Run(node.ShutdownAsync());
            }
        }
    }

    private RaftNode Start(VirtualServer server, IFsm fsm, ITransport transport, ILoggerFactory log) =>
        server.Node = Run(RaftNode.StartAsync(
            server.Config with { TimeProvider = Clock, LoggerFactory = log }, fsm, server.Stores, server.Stores, server.Snapshots, transport,
            Runtime()));

    private void RunReady()
    {
        do
        {
            _scheduler.RunReady();
        }
        while (!BlockFsm && _fsmScheduler.RunReady());
    }

    private RaftRuntime Runtime() => new()
    {
        LoopScheduler = _scheduler,
        FsmScheduler = _fsmScheduler,
        SnapshotScheduler = _scheduler,
        CompletionScheduler = _scheduler,
        UserScheduler = _scheduler,
        IsMetered = IsMetered,
        Mutation = _mutation,
    };
}
