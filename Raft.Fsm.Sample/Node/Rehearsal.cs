using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;
using Raft.Fsm.Sample.Http;
using Raft.Fsm.Sample.Kv;
using Raft.Transport.Tcp;

namespace Raft.Fsm.Sample.Node;

/// <summary>
/// A change of leader that nobody waits for: what an election, a handover and the first writes of a leader run, a process that was just
/// started runs for the first time, and compiling it then costs a tenth of a second in which nobody leads. So three nodes in the memory
/// of this process, without a port or a file, elect, hand over and lose their leader once, beside the node that is served.
/// </summary>
internal static class Rehearsal
{
    private const int Nodes = 3;

    /// <summary>Nobody listens there, so a request that is sent on fails as one to a leader that is gone.</summary>
    private const string Nowhere = "127.0.0.1:1";

    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ClientPatience = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Holds it, where code is compiled as it is first run.</summary>
    /// <param name="options">How the node is set up that it is for.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <returns>Completes when nothing of it is left: whether all of it took place. Never fails.</returns>
    public static async Task<bool> HoldAsync(NodeOptions options, CancellationToken cancellationToken)
    {
        if (!RuntimeFeature.IsDynamicCodeCompiled)
        {
            return false;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ending.CancelAfter(Patience);
        try
        {
            await PlayAsync(options, ending.Token);
            return true;
        }
        catch (Exception)
        {
            // What was not rehearsed takes its time when it is needed; the node that is served is none the worse.
            return false;
        }
    }

    private static async Task PlayAsync(NodeOptions options, CancellationToken end)
    {
        var transports = new List<ITransport>();
        var actors = new List<Actor>();
        try
        {
            await PlayAsync(options, transports, actors, end);
        }
        finally
        {
            foreach (Actor actor in actors)
            {
                await actor.DisposeAsync();
            }

            foreach (ITransport transport in transports)
            {
                await transport.DisposeAsync();
            }
        }
    }

    private static async Task PlayAsync(NodeOptions options, List<ITransport> transports, List<Actor> actors, CancellationToken end)
    {
        // Lines are made as they will be, and go nowhere.
        using var logs = new LineLog(TextWriter.Null, options.LogLevel);
        var streams = new MemoryStreams();
        while (transports.Count < Nodes)
        {
            transports.Add(await TcpTransport.ListenAsync(new TcpTransportOptions { StreamLayer = streams, LoggerFactory = logs }));
        }

        var servers = new ClusterConfiguration([.. transports.Select(static (t, i) => new Server($"n{i + 1}", t.LocalAddress))]);
        for (int i = 0; i < Nodes; i++)
        {
            actors.Add(await Actor.StartAsync(options, logs, servers, i, transports[i]));
        }

        await LeaderAsync(actors, end);
        await Task.WhenAll(actors.Select(a => a.WriteAsync(end)));
        await HandOverAsync(actors, end);
        Actor leader = await LeaderAsync(actors, end);
        await leader.WriteAsync(end);

        // As if its process had ended.
        await leader.Transport.DisposeAsync();
        Actor[] left = [.. actors.Where(a => a != leader)];
        await (await LeaderAsync(left, end)).WriteAsync(end);
        await Task.WhenAll(left.Select(a => a.WriteAsync(end)));
    }

    private static async Task<Actor> LeaderAsync(IReadOnlyCollection<Actor> actors, CancellationToken end)
    {
        while (true)
        {
            if (actors.FirstOrDefault(static a => a.Raft.State == RaftState.Leader) is { } leader)
            {
                return leader;
            }

            await Task.Delay(Pause, end);
        }
    }

    private static async Task HandOverAsync(List<Actor> actors, CancellationToken end)
    {
        while (true)
        {
            Actor leader = await LeaderAsync(actors, end);
            try
            {
                await leader.Raft.TransferLeadershipAsync(cancellationToken: end);
                return;
            }
            catch (RaftException)
            {
                // It had to stop leading: compiling takes as long as an election.
                await Task.Delay(Pause, end);
            }
        }
    }

    /// <summary>A node of the rehearsal, and what serves its clients.</summary>
    private sealed class Actor(RaftNode raft, ITransport transport, Router router, PeerFigures peers) : IAsyncDisposable
    {
        public RaftNode Raft { get; } = raft;

        public ITransport Transport { get; } = transport;

        public static async Task<Actor> StartAsync(
            NodeOptions options, LineLog logs, ClusterConfiguration servers, int number, ITransport transport)
        {
            var log = new InMemoryLogStore();
            var stable = new InMemoryStableStore();
            var snapshots = new InMemorySnapshotStore();
            var peers = new PeerFigures();

            // The first is not to wait long for its election.
            TimeSpan timeout = number == 0 ? Timeout / 4 : Timeout;
            RaftConfig config = options.RaftConfig(logs, static question => LeaderDirectory.Reply(question, Nowhere)) with
            {
                LocalId = servers.Servers[number].Id,
                HeartbeatTimeout = timeout,
                ElectionTimeout = timeout,
                LeaderLeaseTimeout = timeout,
                MeterFactory = peers,
            };
            await RaftNode.BootstrapClusterAsync(config, log, stable, snapshots, servers);
            var fsm = new KvFsm();
            RaftNode raft = await RaftNode.StartAsync(config, fsm, log, stable, snapshots, transport);
            var node = new KvNode(raft, fsm, snapshots, Nowhere, options.ApplyTimeout, peers);
            return new Actor(raft, transport, new Router(Task.FromResult(node), logs.CreateLogger("Raft.Sample")), peers);
        }

        /// <summary>A client's write, as it comes from the web server. Where this node does not lead it goes nowhere, and the client gives up.</summary>
        public async Task WriteAsync(CancellationToken end)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(end);
            patience.CancelAfter(ClientPatience);
            var context = new DefaultHttpContext { RequestAborted = patience.Token };
            context.Request.Method = HttpMethods.Put;
            context.Request.Body = new MemoryStream("v"u8.ToArray());
            context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = "/kv/k";
            await router.HandleAsync(context);
        }

        public async ValueTask DisposeAsync()
        {
            await Raft.DisposeAsync();
            router.Dispose();
            peers.Dispose();
        }
    }
}
