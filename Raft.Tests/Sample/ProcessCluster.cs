using System.Globalization;
using System.Text.Json;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary>Three nodes, each its own process with its own directory, that can be killed and started again.</summary>
internal sealed class ProcessCluster : IAsyncDisposable
{
    private const string RoundsVariable = "RAFT_KILL_ROUNDS";

    private readonly TemporaryDirectory _directory = new();
    private readonly int[] _ports = TestPorts.Take(6);
    private readonly RaftkvProcess?[] _nodes = new RaftkvProcess?[3];

    private static bool IsFullRun => Environment.GetEnvironmentVariable(RoundsVariable) is { Length: > 0 };

    /// <summary>How often to kill: few times in each test run, as often as the variable says in a run of its own.</summary>
    public static int Rounds(int few) => IsFullRun
        ? int.Parse(Environment.GetEnvironmentVariable(RoundsVariable)!, CultureInfo.InvariantCulture) : few;

    /// <summary>The HTTP addresses.</summary>
    public IReadOnlyList<string> Http => [.. Enumerable.Range(0, 3).Select(i => $"http://127.0.0.1:{_ports[3 + i]}")];

    /// <summary>Starts one node.</summary>
    public async Task StartAsync(int node)
    {
        string peers = string.Join(',', Enumerable.Range(0, 3).Select(i => $"n{i + 1}=127.0.0.1:{_ports[i]}"));
        string[] timings = IsFullRun ? [] : ["--heartbeat-ms=500", "--election-ms=500", "--lease-ms=500"];
        _nodes[node] = RaftkvProcess.Start(
        [
            "node", $"--id=n{node + 1}", $"--raft=127.0.0.1:{_ports[node]}", $"--http=127.0.0.1:{_ports[3 + node]}",
            $"--data={_directory.File($"n{node + 1}")}", $"--peers={peers}", .. timings,
        ]);
        await _nodes[node]!.ReadyAsync();
    }

    /// <summary>Starts all nodes.</summary>
    public Task StartAllAsync() => Task.WhenAll(StartAsync(0), StartAsync(1), StartAsync(2));

    /// <summary>Kills one node.</summary>
    public Task KillAsync(int node) => _nodes[node]!.KillAsync();

    /// <summary>Kills all nodes.</summary>
    public Task KillAllAsync() => Task.WhenAll(KillAsync(0), KillAsync(1), KillAsync(2));

    /// <summary>Stops one node by SIGTERM.</summary>
    public Task<int> TerminateAsync(int node) => _nodes[node]!.TerminateAsync();

    /// <summary>Waits for a leader.</summary>
    /// <returns>Its number.</returns>
    public async Task<int> LeaderAsync()
    {
        int leader = -1;
        await Eventually.HoldsAsync("a node leads", async () => (leader = await FindLeaderAsync()) >= 0, Dump);
        return leader;
    }

    /// <summary>Waits until a node that came back has applied what its leader had committed when it came.</summary>
    public async Task CaughtUpAsync(int node)
    {
        int leader = await LeaderAsync();
        ulong target = await IndexAsync(leader, "commitIndex");
        await Eventually.HoldsAsync(
            $"n{node + 1} catches up to {target}", async () => await IndexAsync(node, "appliedIndex") >= target, Dump);
    }

    /// <summary>Waits until all nodes hold the same state, applied equally far.</summary>
    public async Task ConvergeAsync()
    {
        // What was committed before is committed for a new leader only with an entry of its own.
        ulong barrier = 0;
        await Eventually.HoldsAsync(
            "a barrier is passed",
            async () =>
            {
                Reply? reply = await TrySendAsync(0, "POST", "/raft/barrier");
                barrier = reply is { Status: 200 } ? reply.Json.GetProperty("index").GetUInt64() : 0;
                return barrier > 0;
            },
            Dump);
        string[] dumps = [];
        await Eventually.HoldsAsync(
            "all nodes hold the same",
            async () =>
            {
                dumps = await Task.WhenAll(Http.Select(http => TryGetAsync(http, "/raft/dump")));
                return dumps.Distinct().Count() == 1 && dumps[0].Length > 0
                    && JsonDocument.Parse(dumps[0]).RootElement.GetProperty("appliedIndex").GetUInt64() >= barrier;
            },
            () => $"{string.Join(" ", dumps)}\n{Dump()}");
    }

    /// <summary>Sends a request.</summary>
    /// <returns>The answer; null where none came.</returns>
    public async Task<Reply?> TrySendAsync(int node, string method, string target, byte[]? body = null)
    {
        try
        {
            return await Reply.SendAsync(Http[node], method, target, body);
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RaftkvProcess? node in _nodes)
        {
            if (node is not null)
            {
                await node.DisposeAsync();
            }
        }

        _directory.Dispose();
    }

    private async Task<ulong> IndexAsync(int node, string name)
    {
        string status = await TryGetAsync(Http[node], "/raft/status");
        return status.Length == 0 ? 0 : JsonDocument.Parse(status).RootElement.GetProperty(name).GetUInt64();
    }

    private async Task<int> FindLeaderAsync()
    {
        for (int i = 0; i < 3; i++)
        {
            if ((await TryGetAsync(Http[i], "/raft/status")).Contains("\"state\":\"Leader\"", StringComparison.Ordinal))
            {
                return i;
            }
        }

        return -1;
    }

    private static async Task<string> TryGetAsync(string http, string target)
    {
        try
        {
            return (await Reply.SendAsync(http, "GET", target)).Text;
        }
        catch (HttpRequestException)
        {
            return string.Empty;
        }
    }

    private string Dump() => string.Join('\n', _nodes.Select(n => n?.Errors));
}
