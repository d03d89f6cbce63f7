using System.CommandLine;
using System.Globalization;
using Raft.Simulation;

namespace Raftsim;

/// <summary>The command line.</summary>
internal static class SimCommand
{
    private static readonly Option<SeedRange> Seeds = new("--seeds")
    {
        Description = "The seeds, such as 1-1000, or one.",
        DefaultValueFactory = _ => SeedRange.Of(1, 300),
        CustomParser = result => ParseSeeds(result.Tokens[0].Value, result.AddError),
    };

    private static readonly Option<double> Seconds = new("--seconds")
    {
        Description = "How long faults rage in each seed, in simulated seconds.",
        DefaultValueFactory = _ => 60,
    };

    private static readonly Option<int?> Nodes = new("--nodes")
    {
        Description = "Servers in the cluster, 1 to 9; drawn from each seed where it is not given.",
    };

    private static readonly Option<string?> Mutation = new("--mutation")
    {
        Description = "Plants a bug: one of --list-mutations, several with commas between, or all, for a table with the first seed that finds each.",
    };

    private static readonly Option<bool> ListMutations = new("--list-mutations") { Description = "Lists the bugs that can be planted." };

    private static readonly Option<bool> Trace = new("--trace") { Description = "Prints everything that happens. For one seed." };

    private static readonly Option<SimulationProfile?> Profile = new("--profile")
    {
        Description = "What to dwell on: safety, clocks, disk, snapshots, membership or transfer; all in turn where it is not given.",
    };

    private static readonly Option<string?> Scenario = new("--scenario")
    {
        Description = $"Runs a scenario of its own instead of the profiles: {string.Join(", ", Raft.Simulation.Scenarios.Scenario.Names)}.",
    };

    private static readonly Option<string?> Workload = new("--workload")
    {
        Description = $"What clients do: {Workloads.Registers} (linearizable reads and writes) or {Workloads.Sessions} (increments, exactly once).",
    };

    private static readonly Option<int> Threads = new("--threads")
    {
        Description = "How many seeds run at once.",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    /// <summary>Makes the command.</summary>
    public static RootCommand Create()
    {
        var command = new RootCommand("Runs Raft clusters in a simulated world, from seeds. The last line is JSON; exit code 1 on any failure.")
        {
            Seeds, Seconds, Nodes, Mutation, ListMutations, Trace, Profile, Scenario, Workload, Threads,
        };
        command.SetAction(result => RunAsync(result));
        return command;
    }

    private static Task<int> RunAsync(ParseResult result)
    {
        if (WhatIsWrong(result) is { } wrong)
        {
            Console.Error.WriteLine(wrong);
            return Task.FromResult(2);
        }

        if (result.GetValue(ListMutations))
        {
            foreach (PlantedBug bug in PlantedBug.All)
            {
                Console.WriteLine(bug.Name);
            }

            return Task.FromResult(0);
        }

        string? scenario = result.GetValue(Scenario);
        bool isTraced = result.GetValue(Trace);
        var options = new SimulationOptions
        {
            Duration = TimeSpan.FromSeconds(result.GetValue(Seconds)),
            Servers = result.GetValue(Nodes),
            Profile = result.GetValue(Profile),
            Scenario = scenario is null ? null : Raft.Simulation.Scenarios.Scenario.Find(scenario),
            Threads = isTraced ? 1 : result.GetValue(Threads),
            FailuresMax = int.MaxValue,
            Trace = isTraced ? (at, line) => Console.WriteLine($"{at.TotalSeconds,12:0.000000} {line}") : null,
            WatchPool = !isTraced,
        };
        SeedRange seeds = result.GetValue(Seeds);
        string? planted = result.GetValue(Mutation);
        if (planted == "all" || planted?.Contains(',', StringComparison.Ordinal) == true)
        {
            return MutationTable.RunAsync(
                seeds, options,
                planted == "all" ? PlantedBug.All : [.. planted.Split(',').Select(name => PlantedBug.Find(name)!)]);
        }

        options = options with { Bug = planted is null ? PlantedBug.None : PlantedBug.Find(planted)! };
        return (result.GetValue(Workload) ?? Workloads.OfBug(options.Bug)) == Workloads.Sessions
            ? SeedsCommand.RunAsync(seeds, options, Workloads.NewSessions)
            : SeedsCommand.RunAsync(seeds, options, Workloads.NewRegisters);
    }

    private static SeedRange ParseSeeds(string text, Action<string> refuse)
    {
        string[] ends = text.Split('-');
        if (ends.Length <= 2 && ulong.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong first)
            && ulong.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong last) && first <= last)
        {
            return SeedRange.Of(first, last);
        }

        refuse($"--seeds {text}: give one seed, or two with - between, the lower first");
        return default;
    }

    private static string? WhatIsWrong(ParseResult result)
    {
        if (result.GetValue(Seconds) is not (>= 0.001 and <= 1e6))
        {
            return "--seconds must be 0.001 to 1000000";
        }

        if (result.GetValue(Nodes) is < 1 or > 9)
        {
            return "--nodes must be 1 to 9";
        }

        if (result.GetValue(Threads) is < 1 or > 1024)
        {
            return "--threads must be 1 to 1024";
        }

        if (result.GetValue(Mutation) is { } bug and not "all" && bug.Split(',').Any(name => PlantedBug.Find(name) is null))
        {
            return $"--mutation {bug} is not known; --list-mutations lists them";
        }

        if (result.GetValue(Workload) is not (null or Workloads.Registers or Workloads.Sessions))
        {
            return $"--workload {result.GetValue(Workload)} is not known; give {Workloads.Registers} or {Workloads.Sessions}";
        }

        return result.GetValue(Scenario) is { } scenario && Raft.Simulation.Scenarios.Scenario.Find(scenario) is null
            ? $"--scenario {scenario} is not known; give one of {string.Join(", ", Raft.Simulation.Scenarios.Scenario.Names)}"
            : null;
    }
}
