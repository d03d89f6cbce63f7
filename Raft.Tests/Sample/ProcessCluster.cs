using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary>
/// Nodes, each its own process with its own directory, that can be killed and started again. The first three found the
/// cluster; the others join it.
/// </summary>
/// <param name="size">How many there are.</param>
/// <param name="more">Options for each of them.</param>
internal sealed class ProcessCluster(int size = 3, params string[] more) : IAsyncDisposable
{
    private const int Founders = 3;
    private const string RoundsVariable = "RAFT_KILL_ROUNDS";
    private const string StoreVariable = "RAFT_STORE";

    private readonly TemporaryDirectory _directory = new();
    private readonly int[] _ports = TestPorts.Take(2 * size);
    private readonly RaftkvProcess?[] _nodes = new RaftkvProcess?[size];

    // Begun while the node itself runs.
    private readonly List<RaftkvProcess> _others = [];

    private static bool IsFullRun => Environment.GetEnvironmentVariable(RoundsVariable) is { Length: > 0 };

    /// <summary>The store that a run of its own puts all these tests on, unless a test names one.</summary>
    private static string[] Store => Environment.GetEnvironmentVariable(StoreVariable) is { Length: > 0 } store ? [$"--store={store}"] : [];

    /// <summary>How often to kill: few times in each test run, as often as the variable says in a run of its own.</summary>
    public static int Rounds(int few) => IsFullRun
        ? int.Parse(Environment.GetEnvironmentVariable(RoundsVariable)!, CultureInfo.InvariantCulture) : few;

    /// <summary>Whether nodes go by raftkv's own timings in each test run, not by shorter ones.</summary>
    public bool HasDefaultTimings { get; init; }

    /// <summary>The HTTP addresses.</summary>
    public IReadOnlyList<string> Http => [.. Enumerable.Range(0, size).Select(i => $"http://127.0.0.1:{_ports[size + i]}")];

    /// <summary>The raft port of a node.</summary>
    public int RaftPort(int node) => _ports[node];

    /// <summary>What a node wrote to standard error.</summary>
    public string Errors(int node) => _nodes[node]?.Errors ?? string.Empty;

    /// <summary>All that a node wrote.</summary>
    public string Said(int node) => _nodes[node] is { } process ? process.Output + process.Errors : string.Empty;

    /// <summary>The process of a node.</summary>
    public int ProcessId(int node) => _nodes[node]!.Id;

    /// <summary>Where a node keeps its data.</summary>
    public string Data(int node) => _directory.File($"n{node + 1}");

    /// <summary>Starts one node.</summary>
    /// <param name="node">Its number.</param>
    /// <param name="own">Options for it alone.</param>
    public async Task StartAsync(int node, params string[] own)
    {
        string peers = string.Join(',', Enumerable.Range(0, Founders).Select(i => $"n{i + 1}=127.0.0.1:{_ports[i]}"));
        Begin(node, "node", [node < Founders ? $"--peers={peers}" : $"--join={Http[0]}", .. own]);
        await _nodes[node]!.ReadyAsync();
    }

    /// <summary>Starts one node, which joins by another.</summary>
    public Task StartJoiningAsync(int node, int via) => Begin(node, "node", $"--join={Http[via]}").ReadyAsync();

    /// <summary>Starts one node by a command and with options that say how it finds its cluster. It need not get ready.</summary>
    /// <param name="node">Its number.</param>
    /// <param name="command">The command, which takes a node's options.</param>
    /// <param name="own">Options for it alone; they may give it another directory or another address.</param>
    /// <returns>Its process.</returns>
    public RaftkvProcess Begin(int node, string command, params string[] own)
    {
        string[] timings = IsFullRun || HasDefaultTimings ? [] : ["--heartbeat-ms=500", "--election-ms=500", "--lease-ms=500"];
        string[] all =
        [
            $"--id=n{node + 1}", $"--raft=127.0.0.1:{_ports[node]}", $"--http=127.0.0.1:{_ports[size + node]}", $"--data={Data(node)}", .. timings,
            .. more.Concat(own).Any(option => option.StartsWith("--store=", StringComparison.Ordinal)) ? [] : Store, .. more,
        ];
        IEnumerable<string> kept = all.Where(o => !own.Any(given => given.StartsWith(o[..(o.IndexOf('=') + 1)], StringComparison.Ordinal)));
        RaftkvProcess process = RaftkvProcess.Start([command, .. kept, .. own]);
        if (_nodes[node] is { HasExited: false })
        {
            _others.Add(process);
        }
        else
        {
            _nodes[node] = process;
        }

        return process;
    }

    /// <summary>Starts all founders.</summary>
    public Task StartAllAsync() => Task.WhenAll(StartAsync(0), StartAsync(1), StartAsync(2));

    /// <summary>Kills one node.</summary>
    public Task KillAsync(int node) => _nodes[node]!.KillAsync();

    /// <summary>Lets one node run no further, by SIGSTOP: its connections and its port stay open. Only <see cref="KillAsync"/> ends it.</summary>
    public Task PauseAsync(int node) => _nodes[node]!.SignalAsync("STOP");

    /// <summary>Kills all nodes.</summary>
    public Task KillAllAsync() => Task.WhenAll(KillAsync(0), KillAsync(1), KillAsync(2));

    /// <summary>Stops one node by SIGTERM.</summary>
    public Task<int> TerminateAsync(int node) => _nodes[node]!.TerminateAsync();

    /// <summary>Waits for the end of one node.</summary>
    public Task<int> ExitAsync(int node) => _nodes[node]!.ExitAsync();

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
    public Task ConvergeAsync() => ConvergeAsync([.. Enumerable.Range(0, size)]);

    /// <summary>Waits until some nodes hold the same state, applied equally far.</summary>
    public async Task ConvergeAsync(IReadOnlyList<int> nodes)
    {
        // What was committed before is committed for a new leader only with an entry of its own.
        ulong barrier = 0;
        await Eventually.HoldsAsync(
            "a barrier is passed",
            async () =>
            {
                Reply? reply = await TrySendAsync(nodes[0], "POST", "/raft/barrier");
                barrier = reply is { Status: 200 } ? reply.Json.GetProperty("index").GetUInt64() : 0;
                return barrier > 0;
            },
            Dump);
        string[] dumps = [];
        await Eventually.HoldsAsync(
            "all nodes hold the same",
            async () =>
            {
                dumps = await Task.WhenAll(nodes.Select(n => TryGetAsync(Http[n], "/raft/dump")));
                return dumps.Distinct().Count() == 1 && dumps[0].Length > 0
                    && JsonDocument.Parse(dumps[0]).RootElement.GetProperty("appliedIndex").GetUInt64() >= barrier;
            },
            () => $"{string.Join(" ", dumps)}\n{Dump()}");
    }

    /// <summary>Writes keys of a writer's own, each once, at the founders in turn, until it is told to stop.</summary>
    /// <param name="writer">The writer's number.</param>
    /// <param name="acknowledged">Gets the keys whose write was acknowledged; each has its own name as its value.</param>
    /// <param name="stop">Cancelled when it is to stop.</param>
    public async Task WriteUntilAsync(int writer, ConcurrentQueue<string> acknowledged, CancellationToken stop)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            // Each key is written once: what happened to a write without an answer does not matter.
            string key = $"w{writer}-{i}";
            if (await TrySendAsync((writer + i) % 3, "PUT", $"/kv/{key}", Encoding.UTF8.GetBytes(key)) is { Status: 200 })
            {
                acknowledged.Enqueue(key);
            }
        }
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
        foreach (RaftkvProcess? node in _nodes.Concat(_others))
        {
            if (node is not null)
            {
                await node.DisposeAsync();
            }
        }

        _directory.Dispose();
    }

    /// <summary>A number of a node's status; 0 where it does not answer.</summary>
    public async Task<ulong> IndexAsync(int node, string name)
    {
        string status = await TryGetAsync(Http[node], "/raft/status");
        return status.Length == 0 ? 0 : JsonDocument.Parse(status).RootElement.GetProperty(name).GetUInt64();
    }

    private async Task<int> FindLeaderAsync()
    {
        for (int i = 0; i < size; i++)
        {
            if (_nodes[i] is not null && (await TryGetAsync(Http[i], "/raft/status")).Contains("\"state\":\"Leader\"", StringComparison.Ordinal))
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
