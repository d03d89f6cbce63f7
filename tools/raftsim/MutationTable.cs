using Raft.Simulation;

namespace Raftsim;

/// <summary>Plants one bug after the other and prints which seed finds it, and which rule it breaks.</summary>
internal static class MutationTable
{
    /// <summary>Runs the command.</summary>
    /// <returns>The exit code: 1 where a bug was not found.</returns>
    public static async Task<int> RunAsync(
        SeedRange seeds, SimulationOptions options, IReadOnlyList<PlantedBug> bugs)
    {
        int missed = 0;
        Console.WriteLine("| planted bug | first seed | seeds with it in the next 50 | rule that caught it |");
        Console.WriteLine("|---|---|---|---|");
        foreach (PlantedBug bug in bugs)
        {
            SimulationOptions planted = options with { Bug = bug };
            SimulationReport found = await RunAsync(seeds, planted with { FailuresMax = 1 });
            if (found.Failures.Count == 0)
            {
                missed++;
                Console.WriteLine($"| {bug.Name} | not found in {found.Seeds} seeds | | |");
                continue;
            }

            SeedResult first = found.Failures.MinBy(f => f.Seed)!;
            SimulationReport more = await RunAsync(SeedRange.Of(first.Seed + 1, first.Seed + 50), planted);
            Console.WriteLine($"| {bug.Name} | {first.Seed} | {more.Failures.Count} | {first.BrokenRule} |");
        }

        return missed == 0 ? 0 : 1;
    }

    private static Task<SimulationReport> RunAsync(SeedRange seeds, SimulationOptions options) =>
        Workloads.OfBug(options.Bug) == Workloads.Sessions
            ? Workloads.NewSessions(options).RunAsync(seeds)
            : Workloads.NewRegisters(options).RunAsync(seeds);
}
