using System.Diagnostics;
using System.Text.Json;
using Raftchaos.Network;

namespace Raftchaos.Faults;

/// <summary>
/// Links that drop, break, stutter, lag or choke: one way or both, of two nodes, of one node to all, or of a part of the cluster
/// to the rest.
/// </summary>
/// <param name="count">How many events.</param>
/// <param name="secondsMax">How long one lasts at most.</param>
internal sealed class NetworkFaults(int count, double secondsMax = 15) : IFaults
{
    private const double SecondsMin = 0.2;
    private const int EventsAtOnce = 3;

    /// <summary>After so many events all links are mended, and the cluster must come to rest.</summary>
    private const int EventsBetweenRests = 25;

    private readonly SortedDictionary<string, int> _kinds = new(StringComparer.Ordinal);
    private readonly RecoveryTimes _mended = new();
    private TimeSpan _electionTimeout;

    /// <inheritdoc/>
    public string Name => "network";

    /// <inheritdoc/>
    public async Task RageAsync(ChaosWorld world)
    {
        _electionTimeout = world.Options.ElectionTimeout;
        var lasting = new List<Task>();
        for (int i = 1; i <= count; i++)
        {
            lasting.RemoveAll(t => t.IsCompleted);
            if (lasting.Count >= EventsAtOnce)
            {
                lasting.Remove(await Task.WhenAny(lasting));
            }

            lasting.Add(await BeginAsync(world));
            await world.PauseAsync(0.2, 3);
            if (i % EventsBetweenRests == 0 || i == count)
            {
                await Task.WhenAll(lasting);
                await RestAsync(world);
            }
        }
    }

    /// <inheritdoc/>
    public string? Report(Utf8JsonWriter json)
    {
        json.WriteNumber("events", count);
        json.WriteStartObject("kinds");
        foreach ((string kind, int times) in _kinds)
        {
            json.WriteNumber(kind, times);
        }

        json.WriteEndObject();
        _mended.Write(json, "writes_again_after_all_links_are_mended");
        return _mended.Judge("mended links", _electionTimeout);
    }

    private async Task RestAsync(ChaosWorld world)
    {
        world.Cluster.Net!.Heal();
        TimeSpan time = await world.Workload.WritesAgainAsync(Stopwatch.GetTimestamp()).WaitAsync(TimeSpan.FromMinutes(1));
        _mended.Add(time);
        int leader = await world.Cluster.LeaderAsync();
        ulong target = (await world.Cluster.StatusAsync(leader))?.GetProperty("commitIndex").GetUInt64() ?? 0;
        long began = Stopwatch.GetTimestamp();
        for (int node = 0; node < world.Cluster.Nodes.Count; node++)
        {
            while ((await world.Cluster.StatusAsync(node))?.GetProperty("appliedIndex").GetUInt64() is not { } applied || applied < target)
            {
                if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(30))
                {
                    throw new ChaosException($"n{node + 1} has not caught up to {target} 30 s after all links were mended");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(50));
            }
        }

        world.Say($"all links mended: writes again after {time.TotalMilliseconds:0} ms, all caught up {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms later");
    }

    private async Task<Task> BeginAsync(ChaosWorld world)
    {
        List<(int From, int To)> links = await DrawLinksAsync(world);
        TimeSpan time = world.DrawTime(SecondsMin, secondsMax);
        FaultNet net = world.Cluster.Net!;
        string kind = Begin(world, net, links);
        _kinds[kind] = _kinds.GetValueOrDefault(kind) + 1;
        world.Say($"{kind} on {string.Join(' ', links.Select(l => $"n{l.From + 1}>n{l.To + 1}"))} for {time.TotalSeconds:0.0} s");
        return EndAsync(world, links, time, resets: world.Random.Next(2) == 0);
    }

    private static async Task EndAsync(ChaosWorld world, List<(int From, int To)> links, TimeSpan time, bool resets)
    {
        await Task.Delay(time);
        foreach ((int from, int to) in links)
        {
            // An event that began meanwhile on the same link ends with it.
            world.Cluster.Net!.Between(from, to).Fault = LinkFault.None;
            if (resets)
            {
                world.Cluster.Net.Reset(from, to);
            }
        }
    }

    private static string Begin(ChaosWorld world, FaultNet net, List<(int From, int To)> links)
    {
        switch (world.Random.Next(6))
        {
            case 0:
                links.ForEach(l => net.Reset(l.From, l.To));
                return "reset";
            case 1:
                links.ForEach(l => net.HalfClose(l.From, l.To));
                return "half_open";
            case 2:
                Set(net, links, new LinkFault { IsTorn = true, BytesPerSecond = 20_000 });
                return "one_byte_segments";
            case 3:
                Set(net, links, new LinkFault { Delay = world.DrawTime(0.005, 5) });
                return "latency";
            case 4:
                Set(net, links, new LinkFault { BytesPerSecond = (int)world.DrawTime(1, 1_000_000).TotalSeconds });
                return "rate";
            default:
                Set(net, links, new LinkFault { Holds = true });
                return "black_hole";
        }
    }

    private static void Set(FaultNet net, List<(int From, int To)> links, LinkFault fault) =>
        links.ForEach(l => net.Between(l.From, l.To).Fault = fault);

    private static async Task<List<(int From, int To)>> DrawLinksAsync(ChaosWorld world)
    {
        int count = world.Cluster.Nodes.Count;
        int leader = await world.Cluster.FindLeaderAsync();
        int node = leader >= 0 && world.Random.Next(2) == 0 ? leader : world.Random.Next(count);
        int[] others = [.. Enumerable.Range(0, count).Where(n => n != node)];
        int other = others[world.Random.Next(others.Length)];
        int[] part = [.. Enumerable.Range(0, count).OrderBy(_ => world.Random.Next()).Take(count / 2)];
        int[] rest = [.. Enumerable.Range(0, count).Except(part)];
        return world.Random.Next(6) switch
        {
            0 => [(node, other)],
            1 => [(node, other), (other, node)],
            2 => [.. others.Select(o => (node, o))],
            3 => [.. others.Select(o => (o, node))],
            4 => [.. others.SelectMany(o => new[] { (node, o), (o, node) })],
            _ => [.. part.SelectMany(p => rest.SelectMany(r => new[] { (p, r), (r, p) }))],
        };
    }
}
