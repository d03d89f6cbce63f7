using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace Raft.Bench.Stores;

/// <summary>The stores side by side: appends of several sizes in turn, then a log of many entries.</summary>
internal static class StoresCommand
{
    private static readonly int[] Batches = [1, 64, 256];

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var directory = new Option<string>("--directory")
        {
            Description = "a directory on the disk to be measured; it is created, and what is made in it removed",
            DefaultValueFactory = _ => "./raft-bench",
        };
        var seconds = new Option<double>("--seconds")
        {
            Description = "how long each append is measured, in each round",
            DefaultValueFactory = _ => 2,
        };
        var rounds = new Option<int>("--rounds")
        {
            Description = "how often; the median is shown",
            DefaultValueFactory = _ => 5,
        };
        var entries = new Option<double>("--entries")
        {
            Description = "how many entries the log has that is opened, read and cut; more than 200,000",
            DefaultValueFactory = _ => 1_000_000,
        };
        var command = new Command("stores", "The stores that keep their data on disk, side by side.") { directory, seconds, rounds, entries };
        command.SetAction(async (parsed, _) =>
        {
            string place = Path.GetFullPath(parsed.GetValue(directory)!);
            int count = parsed.GetValue(rounds);
            await AppendsAsync(place, parsed.GetValue(seconds), count);
            await LogAsync(place, count, parsed.GetValue(entries));
        });
        return command;
    }

    private static async Task AppendsAsync(string place, double seconds, int rounds)
    {
        Console.WriteLine("| store | entries of 128 bytes in an append | entries/s | p50 µs | p99 µs | p99.9 µs |");
        Console.WriteLine("|---|--:|--:|--:|--:|--:|");
        foreach (int batch in Batches)
        {
            var figures = OpenStore.Names.ToDictionary(name => name, _ => new List<double[]>());
            for (int round = 0; round < rounds; round++)
            {
                // In turn, so that a machine whose speed drifts is the same for all.
                foreach ((string name, List<double[]> measured) in figures)
                {
                    measured.Add(await MeasureAsync(name, Fresh(place, name), batch, seconds));
                }
            }

            foreach ((string name, List<double[]> measured) in figures)
            {
                Console.WriteLine($"| {name} | {batch} | {string.Join(" | ", Medians(measured))} |");
            }
        }

        Directory.Delete(place, recursive: true);
    }

    private static async Task LogAsync(string place, int rounds, double entries)
    {
        Console.WriteLine();
        Console.WriteLine(
            "| store | load ms | open ms | MiB when open | read all ms | drop the first 100,000 ms | drop the last 100,000 ms | MiB on disk | MiB then |");
        Console.WriteLine("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
        var figures = OpenStore.Names.ToDictionary(name => name, _ => new List<double[]>());
        for (int round = 0; round < rounds; round++)
        {
            foreach ((string name, List<double[]> measured) in figures)
            {
                string directory = Fresh(place, name);
                double[] load = await MeasureAsync(name, directory, batch: 0, entries);
                measured.Add([.. load, .. await MeasureAsync(name, directory, batch: 0, entries)]);
            }
        }

        foreach ((string name, List<double[]> measured) in figures)
        {
            Console.WriteLine($"| {name} | {string.Join(" | ", Medians(measured))} |");
        }

        Directory.Delete(place, recursive: true);
    }

    private static string Fresh(string place, string name)
    {
        string directory = Path.Combine(place, name);
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }

        Directory.CreateDirectory(place);
        return directory;
    }

    private static IEnumerable<string> Medians(List<double[]> measured) => Enumerable.Range(0, measured[0].Length).Select(i =>
    {
        double[] sorted = [.. measured.Select(figures => figures[i]).Order()];
        return sorted[sorted.Length / 2].ToString("#,0", CultureInfo.InvariantCulture);
    });

    private static async Task<double[]> MeasureAsync(string name, string directory, int batch, double much)
    {
        // As dotnet Raft.Bench.dll this process is one of dotnet, which has to be told the library.
        bool isDotnet = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (string argument in (IEnumerable<string>)
            [.. isDotnet ? [typeof(StoresCommand).Assembly.Location] : Array.Empty<string>(), StoreMeasurement.CommandName, name, directory, $"{batch}", much.ToString(CultureInfo.InvariantCulture)])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        string figures = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? [.. figures.Split(' ').Select(figure => double.Parse(figure, CultureInfo.InvariantCulture))]
            : throw new InvalidOperationException($"The measurement of {name} failed with exit code {process.ExitCode}.");
    }
}
