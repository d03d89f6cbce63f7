using System.Text.Json;
using Raftchaos.Network;

namespace Raftchaos.Cluster;

/// <summary>Nodes on loopback, which reach each other through proxies where links are to fail.</summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    private const int PortsOfNode = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) })
    {
        Timeout = TimeSpan.FromSeconds(5),
    };

    /// <summary>Lays out the nodes; none runs yet.</summary>
    public ChaosCluster(ChaosOptions options)
    {
        int[] all = [.. Enumerable.Range(0, options.Nodes)];
        int Raft(int node) => options.PortBase + (PortsOfNode * node);
        string Advertised(int node) => $"127.0.0.1:{Raft(node) + (options.HasProxies ? 1 : 0)}";
        Http = [.. all.Select(n => $"http://127.0.0.1:{Raft(n) + 2}")];
        string peers = string.Join(',', all.Select(n => $"n{n + 1}={Advertised(n)}"));
        DataDirectories = [.. all.Select(n => Path.Combine(options.Directory, $"n{n + 1}"))];
        Nodes = [.. all.Select(n => new ChaosNode(
            n,
            [
                "node", $"--id=n{n + 1}", $"--raft=127.0.0.1:{Raft(n)}", $"--advertise={Advertised(n)}", $"--http={Http[n][7..]}",
                $"--data={DataDirectories[n]}", $"--peers={peers}", .. options.NodeOptions,
            ],
            Path.Combine(options.Directory, $"n{n + 1}.log")))];
        Net = options.HasProxies ? new FaultNet(Nodes, [.. all.Select(n => (Raft(n) + 1, Raft(n)))]) : null;
    }

    /// <summary>The nodes, by their numbers.</summary>
    public IReadOnlyList<ChaosNode> Nodes { get; }

    /// <summary>Their HTTP addresses.</summary>
    public IReadOnlyList<string> Http { get; }

    /// <summary>Where they keep their data.</summary>
    public IReadOnlyList<string> DataDirectories { get; }

    /// <summary>The links between them; null where they reach each other directly.</summary>
    public FaultNet? Net { get; }

    /// <summary>How many nodes must run for a majority.</summary>
    public int Majority => (Nodes.Count / 2) + 1;

    /// <summary>Starts all nodes that do not run.</summary>
    public Task StartAllAsync() => Task.WhenAll(Nodes.Where(n => !n.IsRunning).Select(n => n.StartAsync()));

    /// <summary>Waits for a node that says it leads, of the highest term.</summary>
    /// <returns>Its number.</returns>
    /// <exception cref="ChaosException">There is none within a minute.</exception>
    public async Task<int> LeaderAsync(TimeSpan? within = null)
    {
        TimeSpan limit = within ?? TimeSpan.FromMinutes(1);
        int leader = -1;
        await EventuallyAsync("a node leads", limit, async () => (leader = await FindLeaderAsync()) >= 0);
        return leader;
    }

    /// <summary>The node that says it leads, of the highest term; -1 where none does.</summary>
    public async Task<int> FindLeaderAsync()
    {
        JsonElement?[] all = await Task.WhenAll(Enumerable.Range(0, Nodes.Count).Select(StatusAsync));
        return Enumerable.Range(0, Nodes.Count)
            .Where(n => all[n] is { } status && status.GetProperty("state").GetString() == "Leader")
            .OrderByDescending(n => all[n]!.Value.GetProperty("term").GetUInt64())
            .FirstOrDefault(-1);
    }

    /// <summary>How a node stands; null where it does not say.</summary>
    public async Task<JsonElement?> StatusAsync(int node) =>
        Nodes[node] is { IsRunning: true, IsPaused: false } ? await TryGetAsync($"{Http[node]}/raft/status") : null;

    /// <summary>Asks a node to hand over to another.</summary>
    public async Task TransferAsync(int to)
    {
        await EventuallyAsync($"n{to + 1} leads", TimeSpan.FromMinutes(1), async () =>
        {
            if (await FindLeaderAsync() == to)
            {
                return true;
            }

            try
            {
                using var body = new StringContent($"{{\"id\":\"n{to + 1}\"}}");
                using HttpResponseMessage answer = await _http.PostAsync(new Uri($"{Http[to]}/raft/transfer"), body);
            }
            catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
            {
                // Asked again.
            }

            return false;
        });
    }

    /// <summary>Waits until all nodes hold the same state, applied equally far.</summary>
    /// <exception cref="ChaosException">They do not within two minutes.</exception>
    public async Task ConvergeAsync()
    {
        string[] seen = [];
        try
        {
            await EventuallyAsync("all nodes hold the same", TimeSpan.FromMinutes(2), async () =>
            {
                JsonElement?[] dumps = await Task.WhenAll(Http.Select(h => TryGetAsync($"{h}/raft/dump")));
                seen = [.. dumps.Select(d => d?.ToString() ?? "no answer")];
                return Array.TrueForAll(dumps, d => d is not null) && seen.Distinct().Count() == 1;
            });
        }
        catch (ChaosException failure)
        {
            throw new ChaosException($"{failure.Message}: {string.Join(' ', seen)}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await (Net?.DisposeAsync() ?? ValueTask.CompletedTask);
        await Task.WhenAll(Nodes.Select(n => n.DisposeAsync().AsTask()));
        _http.Dispose();
    }

    private static async Task EventuallyAsync(string what, TimeSpan within, Func<Task<bool>> holds)
    {
        long began = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!await holds())
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(began) > within)
            {
                throw new ChaosException($"not within {within.TotalSeconds} s: {what}");
            }

            await Task.Delay(Pause);
        }
    }

    private async Task<JsonElement?> TryGetAsync(string address)
    {
        try
        {
            string text = await _http.GetStringAsync(new Uri(address));
            return JsonDocument.Parse(text).RootElement;
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or JsonException)
        {
            return null;
        }
    }
}
