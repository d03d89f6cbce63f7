using System.Diagnostics;
using System.Text.Json;
using Raftchaos.Cluster;

namespace Raftchaos.Faults;

/// <summary>
/// SIGSTOP and SIGCONT: processes that stand still while their connections and ports stay open, then go on with what they
/// believed. Their clocks have gone on meanwhile.
/// </summary>
/// <param name="count">How many pauses.</param>
/// <param name="secondsMin">The shortest.</param>
/// <param name="secondsMax">The longest; each order of magnitude between is as likely.</param>
internal sealed class PauseFaults(int count, double secondsMin = 0.1, double secondsMax = 60) : IFaults
{
    private const double LeaderShare = 0.5;

    /// <summary>How often the next pause begins while the present one lasts.</summary>
    private const double OverlapShare = 0.3;

    private readonly RecoveryTimes _leader = new();
    private readonly RecoveryTimes _others = new();
    private TimeSpan _electionTimeout;
    private double _seconds;

    /// <inheritdoc/>
    public string Name => "pauses";

    /// <inheritdoc/>
    public async Task RageAsync(ChaosWorld world)
    {
        _electionTimeout = world.Options.ElectionTimeout;
        var lasting = new List<Task>();
        for (int i = 0; i < count; i++)
        {
            await world.PauseAsync(0.1, 1);
            lasting.RemoveAll(t => t.IsCompleted);
            while (lasting.Count >= world.Cluster.Nodes.Count - world.Cluster.Majority)
            {
                lasting.Remove(await Task.WhenAny(lasting));
            }

            TimeSpan time = world.DrawTime(secondsMin, secondsMax);
            _seconds += time.TotalSeconds;
            Task pause = await BeginAsync(world, time);
            lasting.Add(pause);
            if (world.Random.NextDouble() >= OverlapShare)
            {
                await pause;
            }
        }

        await Task.WhenAll(lasting);
    }

    /// <inheritdoc/>
    public string? Report(Utf8JsonWriter json)
    {
        json.WriteNumber("pauses", count);
        json.WriteNumber("paused_seconds", Math.Round(_seconds));
        _leader.Write(json, "writes_again_after_leader");
        _others.Write(json, "writes_again_after_others");
        return _leader.Judge("a leader's pause", _electionTimeout) ?? _others.Judge("a pause", _electionTimeout);
    }

    private async Task<Task> BeginAsync(ChaosWorld world, TimeSpan time)
    {
        ChaosCluster cluster = world.Cluster;
        int leader = await cluster.LeaderAsync();
        ChaosNode[] running = [.. cluster.Nodes.Where(n => !n.IsPaused)];
        ChaosNode victim = world.Random.NextDouble() < LeaderShare ? cluster.Nodes[leader] : running[world.Random.Next(running.Length)];
        long at = Stopwatch.GetTimestamp();
        victim.Pause();
        return LastAsync(world, victim, victim == cluster.Nodes[leader], at, time);
    }

    private async Task LastAsync(ChaosWorld world, ChaosNode victim, bool isLeader, long at, TimeSpan time)
    {
        Task<TimeSpan> again = world.Workload.WritesAgainAsync(at);
        await Task.Delay(time);
        victim.Resume();
        TimeSpan took = await again;
        (isLeader ? _leader : _others).Add(took);
        world.Say($"{victim.Id}{(isLeader ? ", the leader," : "")} stood still for {time.TotalSeconds:0.0} s: writes again after {took.TotalMilliseconds:0} ms");
    }
}
