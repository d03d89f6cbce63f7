using System.Diagnostics;
using System.Text.Json;
using Raftchaos.Cluster;

namespace Raftchaos.Faults;

/// <summary><c>kill -9</c>: leaders, others, one or two at once, and all at once. Each comes back over its data.</summary>
/// <param name="count">How often something is killed.</param>
/// <param name="ofLeaders">How many times it is the leader alone.</param>
/// <param name="ofAll">How many times it is all nodes.</param>
internal sealed class KillFaults(int count, int ofLeaders, int ofAll) : IFaults
{
    private readonly RecoveryTimes _one = new();
    private readonly RecoveryTimes _leader = new();
    private readonly RecoveryTimes _all = new();
    private TimeSpan _electionTimeout;

    /// <inheritdoc/>
    public string Name => "kills";

    /// <inheritdoc/>
    public async Task RageAsync(ChaosWorld world)
    {
        _electionTimeout = world.Options.ElectionTimeout;
        var kinds = new List<Kind>();
        kinds.AddRange(Enumerable.Repeat(Kind.Leader, ofLeaders));
        kinds.AddRange(Enumerable.Repeat(Kind.All, ofAll));
        kinds.AddRange(Enumerable.Repeat(Kind.Any, count - ofLeaders - ofAll));
        foreach (Kind kind in kinds.OrderBy(_ => world.Random.Next()).ToList())
        {
            await world.PauseAsync(0.5, 4);
            await (kind == Kind.All ? KillAllAsync(world) : KillSomeAsync(world, kind));
        }
    }

    /// <inheritdoc/>
    public string? Report(Utf8JsonWriter json)
    {
        json.WriteNumber("kills", count);
        _leader.Write(json, "writes_again_after_leader");
        _one.Write(json, "writes_again_after_others");
        _all.Write(json, "writes_again_after_all_are_ready");
        return _leader.Judge("a leader's kill", _electionTimeout) ?? _one.Judge("a kill", _electionTimeout)
            ?? _all.Judge("a kill of all", _electionTimeout);
    }

    private async Task KillSomeAsync(ChaosWorld world, Kind kind)
    {
        ChaosCluster cluster = world.Cluster;
        int leader = await cluster.LeaderAsync();
        int most = cluster.Nodes.Count - cluster.Majority;
        ChaosNode[] victims = kind == Kind.Leader ? [cluster.Nodes[leader]]
            : [.. cluster.Nodes.OrderBy(_ => world.Random.Next()).Take(world.Random.Next(1, most + 1))];
        bool hitsLeader = victims.Contains(cluster.Nodes[leader]);
        long at = Stopwatch.GetTimestamp();
        await Task.WhenAll(victims.Select(v => v.KillAsync()));
        Task<TimeSpan> again = world.Workload.WritesAgainAsync(at);
        await world.PauseAsync(0, 1.5);
        await Task.WhenAll(victims.Select(v => v.StartAsync()));
        TimeSpan time = await again;
        (hitsLeader ? _leader : _one).Add(time);
        world.Say($"killed {string.Join(" and ", victims.Select(v => v.Id))}{(hitsLeader ? ", the leader" : "")}: writes again after {time.TotalMilliseconds:0} ms");
    }

    private async Task KillAllAsync(ChaosWorld world)
    {
        IReadOnlyList<ChaosNode> nodes = world.Cluster.Nodes;
        await Task.WhenAll(nodes.Select(n => n.KillAsync()));
        await world.PauseAsync(0, 1);
        await world.Cluster.StartAllAsync();
        long ready = nodes.Max(n => n.ReadyAt);
        TimeSpan time = await world.Workload.WritesAgainAsync(ready);
        _all.Add(time);
        world.Say($"killed all: writes again {time.TotalMilliseconds:0} ms after the last was ready");
    }

    private enum Kind
    {
        Any,
        Leader,
        All,
    }
}
