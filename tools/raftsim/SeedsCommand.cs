using System.Diagnostics;
using Raft;
using Raft.Simulation;
using Raft.Simulation.Running;

namespace Raftsim;

/// <summary>Runs seeds, shows how far it is, and prints the closing line.</summary>
internal static class SeedsCommand
{
    private const int ReportsMax = 3;

    /// <summary>Runs the command.</summary>
    /// <returns>The exit code: 1 where a seed failed.</returns>
    public static async Task<int> RunAsync<TFsm>(
        SeedRange seeds, SimulationOptions options, Func<SimulationOptions, SeedRunner<TFsm>> newRunner)
        where TFsm : class, IFsm
    {
        var bar = new ProgressBar(seeds.Last - seeds.First + 1);
        TimeSpan cpuBefore = Process.GetCurrentProcess().TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        SeedRunner<TFsm> runner = newRunner(options with { Progress = bar.Add });
        SimulationReport report = await runner.RunAsync(seeds);
        bar.Dispose();
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime - cpuBefore;
        foreach (SeedResult failed in report.Failures.OrderBy(f => f.Seed).Take(ReportsMax))
        {
            Console.WriteLine(runner.Describe(failed));
        }

        if (report.Failures.Count > 0)
        {
            Console.WriteLine($"Failed seeds: {string.Join(' ', report.Failures.Select(f => f.Seed).Order())}");
        }

        Console.WriteLine(ClosingLine.Of(report, runner.Seen, clock.Elapsed, cpu));
        return report.Failures.Count > 0 ? 1 : 0;
    }
}
