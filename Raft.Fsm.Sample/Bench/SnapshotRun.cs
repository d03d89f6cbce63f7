using System.Diagnostics;

namespace Raft.Fsm.Sample.Bench;

/// <summary>
/// <c>raftkv bench --mode snapshot</c>: two nodes with a large state, whose log has given way to a snapshot, and a third that is new. Measured is how
/// long it takes from its addition until it has received, stored and restored the state; with <c>--busy on</c> one caller goes on writing
/// meanwhile, and its latency is told for the time before, while the third's process starts, and during.
/// </summary>
internal static class SnapshotRun
{
    private const int Commands = 2000;
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(2);

    /// <summary>Runs the measurement.</summary>
    /// <returns>What was measured, by name.</returns>
    public static async Task<IReadOnlyDictionary<string, double>> RunAsync(BenchOptions options)
    {
        await using BenchCluster cluster = await BenchCluster.StartAsync(options, options.Nodes - 1);
        RaftNode leader = cluster.Leader.Raft;
        cluster.Leader.Machine.Grow(options.Mebibytes);
        await LoadMaker.WriteAsync(leader, Commands, options.Concurrency, options.PayloadBytes);
        long began = Stopwatch.GetTimestamp();
        SnapshotMeta snapshot = await leader.SnapshotAsync();
        TimeSpan taking = Stopwatch.GetElapsedTime(began);

        var calm = new LatencyHistogram();
        var starting = new LatencyHistogram();
        var during = new LatencyHistogram();
        using var stop = new CancellationTokenSource();
        LoadMaker.Target target = new(calm);
        Task<int> caller = options.IsBusy
            ? LoadMaker.WriteUntilAsync(leader, options.PayloadBytes, stop.Token, target) : Task.FromResult(0);
        await (options.IsBusy ? Task.Delay(Calm) : Task.CompletedTask);

        // A process that starts takes processor time from all others: that is told apart.
        target.Latencies = starting;
        began = Stopwatch.GetTimestamp();
        Server last = await cluster.StartFollowerAsync(options.Nodes);
        TimeSpan listening = Stopwatch.GetElapsedTime(began);
        await (options.IsBusy ? Task.Delay(Calm) : Task.CompletedTask);

        target.Latencies = during;
        began = Stopwatch.GetTimestamp();
        await leader.AddNonvoterAsync(last.Id, last.Address);
        await cluster.ReachAsync(last.Id, snapshot.Index);
        TimeSpan installing = Stopwatch.GetElapsedTime(began);
        await stop.CancelAsync();
        return new Dictionary<string, double>
        {
            ["install_mb_s"] = Math.Round(options.Mebibytes / installing.TotalSeconds, 1),
            ["listening_s"] = Math.Round(listening.TotalSeconds, 3),
            ["install_s"] = Math.Round(installing.TotalSeconds, 3),
            ["take_s"] = Math.Round(taking.TotalSeconds, 3),
            ["mib"] = options.Mebibytes,
            ["busy_entries"] = await caller,
            ["calm_p99_ms"] = LoadMaker.Milliseconds(calm, 0.99),
            ["calm_p50_ms"] = LoadMaker.Milliseconds(calm, 0.5),
            ["starting_p99_ms"] = LoadMaker.Milliseconds(starting, 0.99),
            ["busy_p99_ms"] = LoadMaker.Milliseconds(during, 0.99),
            ["busy_p50_ms"] = LoadMaker.Milliseconds(during, 0.5),
            ["rss_leader_mib"] = Math.Round(ProcessFigures.PeakMebibytes([Process.GetCurrentProcess()]), 1),
            ["rss_third_mib"] = Math.Round(ProcessFigures.PeakMebibytes([cluster.Processes[^1]]), 1),
        };
    }
}
