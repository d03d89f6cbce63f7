using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Raft.Fsm.Sample.Http;
using Raft.Fsm.Sample.Kv;
using Raft.Fsm.Sample.Node;

namespace Raft.Tests.Sample;

/// <summary>A node of the sample inside the test's process: real HTTP, everything else in memory.</summary>
internal sealed class SampleServer : IAsyncDisposable
{
    private readonly HttpServer _http;

    private SampleServer(HttpServer http, KvNode node)
    {
        _http = http;
        Node = node;
    }

    /// <summary>The node.</summary>
    public KvNode Node { get; }

    /// <summary>The Raft node.</summary>
    public RaftNode Raft => Node.Raft;

    /// <summary>Starts a founder of a cluster, or a server that has a log already.</summary>
    public static async Task<SampleServer> StartAsync(
        InMemoryNetwork network, string id, ClusterConfiguration founders, TimeSpan? applyTimeout = null, ILogStore? found = null)
    {
        HttpServer http = await HttpServer.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), NullLoggerFactory.Instance);
        string address = $"127.0.0.1:{http.Port}";
        var peers = new PeerFigures();
        var config = new RaftConfig
        {
            LocalId = id,
            MeterFactory = peers,
            HeartbeatTimeout = TimeSpan.FromMilliseconds(400),
            ElectionTimeout = TimeSpan.FromMilliseconds(400),
            LeaderLeaseTimeout = TimeSpan.FromMilliseconds(400),
            CommitTimeout = TimeSpan.FromMilliseconds(20),
            AskHandler = question => LeaderDirectory.Reply(question, address),
        };
        ILogStore log = found ?? new InMemoryLogStore();
        var stable = new InMemoryStableStore();
        var snapshots = new InMemorySnapshotStore();
        if (found is not null)
        {
            await stable.SaveAsync(new TermAndVote(1));
        }
        else if (founders.Servers.Length > 0)
        {
            await RaftNode.BootstrapClusterAsync(config, log, stable, snapshots, founders);
        }

        var fsm = new KvFsm();
        RaftNode raft = await RaftNode.StartAsync(
            config, fsm, log, stable, snapshots, network.CreateTransport($"{id}:1", TimeSpan.FromSeconds(1)));
        var node = new KvNode(raft, fsm, snapshots, address, applyTimeout ?? TimeSpan.FromSeconds(10), peers);
        http.Serve(node);
        return new SampleServer(http, node);
    }

    /// <summary>Sends a request whose target goes out as it stands.</summary>
    public Task<Reply> SendAsync(
        string method, string target, string? body = null, params IEnumerable<(string Name, string Value)> headers) =>
        SendAsync(method, target, body is null ? null : System.Text.Encoding.UTF8.GetBytes(body), headers);

    /// <inheritdoc cref="SendAsync(string, string, string?, IEnumerable{ValueTuple{string, string}})"/>
    public Task<Reply> SendAsync(
        string method, string target, byte[]? body, params IEnumerable<(string Name, string Value)> headers) =>
        Reply.SendAsync($"http://{Node.Http}", method, target, body, headers);

    public async ValueTask DisposeAsync()
    {
        await Raft.DisposeAsync();
        await _http.DisposeAsync();
        Node.Peers.Dispose();
    }
}
