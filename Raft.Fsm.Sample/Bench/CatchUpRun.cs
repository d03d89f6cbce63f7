using System.Diagnostics;

namespace Raft.Fsm.Sample.Bench;

/// <summary>
/// <c>raftkv bench --mode catchup</c>: one of three nodes is stopped while entries are written, and started again. Measured is how fast it gets them, durably, from
/// the start of its process on; with <c>--busy on</c> one caller goes on writing meanwhile.
/// </summary>
internal static class CatchUpRun
{
    /// <summary>Runs the measurement.</summary>
    /// <returns>What was measured, by name.</returns>
    public static async Task<IReadOnlyDictionary<string, double>> RunAsync(BenchOptions options)
    {
        await using BenchCluster cluster = await BenchCluster.StartAsync(options, options.Nodes);
        RaftNode leader = cluster.Leader.Raft;
        Server last = (await leader.GetStatusAsync()).Configuration.Servers[^1];
        await cluster.ReachAsync(last.Id, (await leader.GetStatusAsync()).LastLogIndex);
        await cluster.StopLastFollowerAsync();
        ulong before = (await leader.GetStatusAsync()).LastLogIndex;

        long began = Stopwatch.GetTimestamp();
        await LoadMaker.WriteAsync(leader, options.Entries, options.Concurrency, options.PayloadBytes);
        TimeSpan writing = Stopwatch.GetElapsedTime(began);
        ulong end = (await leader.GetStatusAsync()).LastLogIndex;

        using var busy = new CancellationTokenSource();
        Task<int> caller = options.IsBusy ? LoadMaker.WriteUntilAsync(leader, options.PayloadBytes, busy.Token) : Task.FromResult(0);
        began = Stopwatch.GetTimestamp();
        await cluster.StartFollowerAsync(options.Nodes, last.Address);
        TimeSpan listening = Stopwatch.GetElapsedTime(began);
        TimeSpan first = listening + await cluster.ReachAsync(last.Id, before + 1);
        await cluster.ReachAsync(last.Id, end);
        TimeSpan total = Stopwatch.GetElapsedTime(began);
        await busy.CancelAsync();
        return new Dictionary<string, double>
        {
            ["entries_s"] = Math.Round(options.Entries / (total - first).TotalSeconds),
            ["listening_s"] = Math.Round(listening.TotalSeconds, 3),
            ["start_s"] = Math.Round((first - listening).TotalSeconds, 3),
            ["total_s"] = Math.Round(total.TotalSeconds, 3),
            ["write_s"] = Math.Round(writing.TotalSeconds, 3),
            ["entries"] = options.Entries,
            ["busy_entries"] = await caller,
            ["rss_mib"] = Math.Round(ProcessFigures.PeakMebibytes(cluster.Processes), 1),
        };
    }
}
