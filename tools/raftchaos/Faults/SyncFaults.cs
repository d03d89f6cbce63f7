using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Raftchaos.Cluster;

namespace Raftchaos.Faults;

/// <summary>
/// What a node asks of its disk to be durable fails, or hangs: by strace, in the midst of the node's work. One that fails stops at once
/// and says why; one that hangs hands over, and goes on when the disk does.
/// </summary>
/// <param name="failures">How often it fails.</param>
/// <param name="stalls">How often it hangs.</param>
/// <param name="stallSecondsMax">How long it hangs at most.</param>
internal sealed class SyncFaults(int failures, int stalls, double stallSecondsMax) : IFaults
{
    private const string Syncs = "fsync,fdatasync";
    private const int ExitOfFailedDisk = 4;
    private const double StallSecondsMin = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly RecoveryTimes _stopped = new();
    private readonly RecoveryTimes _failed = new();
    private readonly RecoveryTimes _stalled = new();
    private TimeSpan _electionTimeout;

    /// <inheritdoc/>
    public string Name => "sync";

    /// <inheritdoc/>
    public async Task RageAsync(ChaosWorld world)
    {
        _electionTimeout = world.Options.ElectionTimeout;
        bool[] kinds = [.. Enumerable.Repeat(true, failures), .. Enumerable.Repeat(false, stalls)];
        foreach (bool fails in kinds.OrderBy(_ => world.Random.Next()).ToList())
        {
            await world.PauseAsync(0.5, 2);
            int leader = await world.Cluster.LeaderAsync();
            int node = world.Random.Next(3) == 0 ? (leader + 1) % world.Cluster.Nodes.Count : leader;
            await (fails ? FailAsync(world, world.Cluster.Nodes[node], node == leader) : StallAsync(world, world.Cluster.Nodes[node], node == leader));
        }
    }

    /// <inheritdoc/>
    public string? Report(Utf8JsonWriter json)
    {
        json.WriteNumber("failures", failures);
        json.WriteNumber("stalls", stalls);
        _stopped.Write(json, "stopped_after_a_sync_failed");
        _failed.Write(json, "writes_again_after_a_sync_failed");
        _stalled.Write(json, "writes_again_after_a_sync_hung");
        return _stopped.Percentile(1) > TimeSpan.FromSeconds(1)
            ? $"a failed sync: the node stopped after {_stopped.Percentile(1).TotalMilliseconds:0} ms, promised is 1 s"
            : _failed.Judge("a failed sync", _electionTimeout) ?? _stalled.Judge("a sync that hangs", _electionTimeout);
    }

    private async Task FailAsync(ChaosWorld world, ChaosNode node, bool isLeader)
    {
        using Process strace = await AttachAsync(node, "error=EIO");
        long at = Stopwatch.GetTimestamp();
        Task<TimeSpan> again = world.Workload.WritesAgainAsync(at);
        int? code = await node.ExitAsync(Patience);
        _stopped.Add(Stopwatch.GetElapsedTime(at));
        await strace.WaitForExitAsync();
        if (code != ExitOfFailedDisk)
        {
            throw new ChaosException($"{node.Id}, whose disk fails, {(code is null ? "goes on" : $"ended with {code}")}; it must end with {ExitOfFailedDisk}");
        }

        TimeSpan took = await again;
        _failed.Add(took);
        await node.StartAsync();
        world.Say($"a sync of {node.Id}{(isLeader ? ", the leader," : "")} failed: it stopped; writes again after {took.TotalMilliseconds:0} ms");
    }

    private async Task StallAsync(ChaosWorld world, ChaosNode node, bool isLeader)
    {
        TimeSpan time = world.DrawTime(StallSecondsMin, stallSecondsMax);
        string delay = ((long)time.TotalMicroseconds).ToString(CultureInfo.InvariantCulture);
        using Process strace = await AttachAsync(node, $"delay_enter={delay}");
        TimeSpan took = await world.Workload.WritesAgainAsync(Stopwatch.GetTimestamp());
        _stalled.Add(took);
        await Task.Delay(time);
        Signals.Send(strace.Id, Signals.Term);
        await strace.WaitForExitAsync();
        world.Say($"syncs of {node.Id}{(isLeader ? ", the leader," : "")} took {time.TotalSeconds:0.0} s each: writes again after {took.TotalMilliseconds:0} ms");
    }

    private static async Task<Process> AttachAsync(ChaosNode node, string what)
    {
        Process strace = SystemProgram.Start(
            "strace", "-f", "-p", node.ProcessId.ToString(CultureInfo.InvariantCulture), "-e", $"trace={Syncs}", "-e", "signal=none",
            "-e", $"inject={Syncs}:{what}");
        while (await strace.StandardError.ReadLineAsync() is { } line)
        {
            if (line.Contains("attached", StringComparison.Ordinal))
            {
                _ = strace.StandardError.ReadToEndAsync();
                return strace;
            }
        }

        throw new ChaosException("strace may not trace here; run it as root, or allow ptrace");
    }
}
