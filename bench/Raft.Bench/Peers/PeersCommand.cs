using System.Collections.ObjectModel;
using System.CommandLine;

namespace Raft.Bench.Peers;

/// <summary>
/// <c>peers</c>: this library and others, each cluster three processes on the loopback, under the same callers: run in turn, so that what else
/// the machine does meets all of them.
/// </summary>
internal static class PeersCommand
{
    private static readonly TimeSpan LimitTime = TimeSpan.FromSeconds(0.5);

    private static readonly string Artifacts = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", ".."));

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var rounds = new Option<int>("--rounds") { Description = "How often each is run.", DefaultValueFactory = _ => 5 };
        var seconds = new Option<int>("--seconds") { Description = "How long each run measures.", DefaultValueFactory = _ => 4 };
        var callers = new Option<int[]>("--callers") { Description = "Callers, each with one command under way.", DefaultValueFactory = _ => [1, 64, 256, 1024], AllowMultipleArgumentsPerToken = true };
        var payloads = new Option<int[]>("--payloads") { Description = "Bytes of a command.", DefaultValueFactory = _ => [128], AllowMultipleArgumentsPerToken = true };
        var nodes = new Option<int[]>("--nodes") { Description = "Nodes of a cluster.", DefaultValueFactory = _ => [3], AllowMultipleArgumentsPerToken = true };
        var data = new Option<string>("--data") { Description = "Where the stores live; emptied after each run.", DefaultValueFactory = _ => Path.Combine(Artifacts, "bench") };
        var own = new Option<string[]>("--own") { Description = "Stores of this library.", DefaultValueFactory = _ => ["wal", "memory"], AllowMultipleArgumentsPerToken = true };
        var peers = new Option<string[]>("--peer") { Description = "A peer, NAME=PROGRAM WORD WORD; those of Debian's packages where none is given." };
        var plot = new Option<string?>("--plot") { Description = "Where to draw commands a second over callers, as SVG; over nodes where there are several numbers of them. Of the first payload." };
        var command = new Command("peers", "This library beside others, in turn.") { rounds, seconds, callers, payloads, nodes, data, own, peers, plot };
        command.SetAction(async parsed =>
        {
            Contender[] contenders = [.. Own(parsed.GetValue(own)!), .. Peers(parsed.GetValue(peers) ?? [])];
            int first = parsed.GetValue(payloads)![0];
            var drawing = new ThroughputPlot();
            int[] sizes = parsed.GetValue(nodes)!;
            foreach (int payload in parsed.GetValue(payloads)!)
            {
                foreach ((int count, int size) in parsed.GetValue(callers)!.SelectMany(c => sizes.Select(n => (c, n))))
                {
                    IReadOnlyDictionary<Contender, double> medians = await MeasureAsync(
                        contenders, parsed.GetValue(rounds), parsed.GetValue(seconds), count, payload, size, parsed.GetValue(data)!);
                    foreach ((Contender contender, double perSecond) in payload == first ? medians : ReadOnlyDictionary<Contender, double>.Empty)
                    {
                        drawing.Add(contender.Name, sizes.Length > 1 ? size : count, perSecond);
                    }
                }
            }

            if (parsed.GetValue(plot) is { } path)
            {
                (string of, string over) = sizes.Length > 1
                    ? ($"{parsed.GetValue(callers)![0]} callers", "nodes, each a process on one machine")
                    : ($"{sizes[0]} processes on one machine", "callers, each with one command under way");
                drawing.Write(path, $"Commands of {first} bytes a second, {of}", over);
            }

            return 0;
        });
        return command;
    }

    private static IEnumerable<Contender> Own(string[] stores) => stores.Select(store => new Contender(
        $"ours, {store}", ["dotnet", Path.Combine(Artifacts, "bin", "Raft.Fsm.Sample", "release", "raftkv.dll"), "bench", "--store", store]));

    private static IEnumerable<Contender> Peers(string[] given)
    {
        string program = Path.Combine(Artifacts, "peers", "hashibench");
        return given.Length > 0 ? given.Select(Contender.Parse)
            : !File.Exists(program) ? []
            :
            [
                new("hashicorp 1.1.2, bolt", [program, "-store", "bolt"]),
                new("hashicorp 1.1.2, memory", [program, "-store", "memory"]),
                new("hashicorp 1.1.2, memory, 512", [program, "-store", "memory", "-max-append", "512"]),
            ];
    }

    private static async Task<IReadOnlyDictionary<Contender, double>> MeasureAsync(
        Contender[] contenders, int rounds, int seconds, int callers, int payload, int nodes, string data)
    {
        var runs = contenders.ToDictionary(c => c, _ => new List<IReadOnlyDictionary<string, double>>());
        var limits = new List<double>();
        for (int round = 0; round < rounds; round++)
        {
            limits.Add(PhysicalLimit.Sync(data, LimitTime) + PhysicalLimit.RoundTrip(LimitTime));
            foreach (Contender contender in contenders)
            {
                runs[contender].Add(await contender.RunAsync(
                    data, seconds, "--concurrency", Contender.Word(callers), "--payload", Contender.Word(payload), "--nodes", Contender.Word(nodes)));
            }
        }

        Console.WriteLine();
        Console.WriteLine($"{callers} callers, {payload} bytes, {nodes} nodes; fdatasync + round trip {Median(limits):F3} ms");
        Console.WriteLine();
        Console.WriteLine("| | ops/s | least to most | first / this | p50 ms | p99 ms | CPU µs/op | syncs/s | allocated B/op | MiB |");
        Console.WriteLine("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        double first = Median(runs[contenders[0]].Select(r => r["ops_s"]));
        foreach (Contender contender in contenders)
        {
            double Of(string name) => Median(runs[contender].Select(r => r.GetValueOrDefault(name)));
            double[] all = [.. runs[contender].Select(r => r["ops_s"])];
            Console.WriteLine(
                $"| {contender.Name} | {Of("ops_s"):N0} | {all.Min():N0} to {all.Max():N0} | {first / Of("ops_s"):F2} | {Of("p50_ms"):F3} | {Of("p99_ms"):F3} | "
                + $"{Of("cpu_us_op"):F1} | {Of("flushes_s"):N0} | {Of("alloc_b_op"):F0} | {Of("rss_mib"):F0} |");
        }

        return contenders.ToDictionary(c => c, c => Median(runs[c].Select(r => r["ops_s"])));
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
