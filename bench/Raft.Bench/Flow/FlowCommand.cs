using System.CommandLine;

namespace Raft.Bench.Flow;

/// <summary>
/// <c>flow</c>: what a follower that takes little costs the others. In turn a pair of servers, and the same with a third behind a slow
/// link, under the same writes at a fixed pace.
/// </summary>
internal static class FlowCommand
{
    private const int Callers = 32;

    /// <summary>A file system in memory, where there is one.</summary>
    private const string Memory = "/dev/shm";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var seconds = new Option<int>("--seconds") { Description = "How long each is measured.", DefaultValueFactory = _ => 15 };
        var rounds = new Option<int>("--rounds") { Description = "How often each is measured, in turn.", DefaultValueFactory = _ => 3 };
        var rate = new Option<int>("--rate") { Description = "Writes a second.", DefaultValueFactory = _ => 4000 };
        var size = new Option<int>("--size") { Description = "Bytes of each.", DefaultValueFactory = _ => 1024 };
        var slow = new Option<double>("--slow") { Description = "Bytes a second that the slow one takes.", DefaultValueFactory = _ => 1_000_000 };
        var command = new Command("flow", "What a follower behind a slow link costs its leader, beside a pair without it.") { seconds, rounds, rate, size, slow };
        command.SetAction(parsed => RunAsync(
            TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(rounds), parsed.GetValue(rate), parsed.GetValue(size), parsed.GetValue(slow)));
        return command;
    }

    private static async Task<int> RunAsync(TimeSpan time, int rounds, int rate, int size, double slow)
    {
        Console.WriteLine("| servers | writes/s | p50 ms | p99 ms | heap MiB after a third | at the end | entries that the third lacks |");
        Console.WriteLine("|---|--:|--:|--:|--:|--:|--:|");
        var medians = new Dictionary<bool, List<double>> { [false] = [], [true] = [] };
        for (int round = 0; round < rounds; round++)
        {
            foreach (bool isSlow in (bool[])[false, true])
            {
                string name = $"raft-flow-{Environment.ProcessId}-{round}-{isSlow}";
                await using FlowCluster cluster = await FlowCluster.StartAsync(
                    Path.Combine(Path.GetTempPath(), name), Path.Combine(Directory.Exists(Memory) ? Memory : Path.GetTempPath(), name + "-slow"),
                    isSlow ? 3 : 2, isSlow ? slow : null);
                FlowRun run = await FlowRun.MeasureAsync(cluster.Leader, time, rate, size, Callers);
                medians[isSlow].Add(run.Percentile(0.5));
                Console.WriteLine(
                    $"| {(isSlow ? "pair and a slow third" : "pair")} | {run.Count / time.TotalSeconds:F0} | {run.Percentile(0.5):F3} | {run.Percentile(0.99):F3} | "
                    + $"{run.HeapEarly / 1048576.0:F1} | {run.HeapLate / 1048576.0:F1} | {(isSlow ? run.Lag : 0)} |");
            }
        }

        Console.WriteLine($"p50 with the slow third, as a multiple: {Median(medians[true]) / Median(medians[false]):F2}");
        return 0;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
