using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Raftchaos.Faults;

namespace Raftchaos;

/// <summary>The command line.</summary>
internal static class ChaosCommand
{
    /// <summary>Below the ports that the system gives to outgoing connections.</summary>
    private const int PortsFirst = 21_000;
    private const int PortsLast = 31_000;

    private static readonly Option<int> Nodes = Number("--nodes", "Nodes in the cluster.", 5);
    private static readonly Option<int> Seed = Number("--seed", "What is drawn is drawn from it. What processes make of it differs.", 1);
    private static readonly Option<int> Rate = Number("--rate", "Operations a second that clients try, four fifths of them writes.", 1500);
    private static readonly Option<string?> Data = new("--data") { Description = "Where nodes, logs and history are kept; by default a directory of its own, deleted after a clean run." };
    private static readonly Option<string?> Store = new("--store") { Description = "The nodes' store, as in raftkv." };

    /// <summary>Makes the command.</summary>
    public static RootCommand Create()
    {
        Option<int> kills = Number("--count", "How often something is killed.", 200);
        Option<int> leaders = Number("--leaders", "How many of them hit the leader alone.", 50);
        Option<int> all = Number("--all", "How many of them hit all nodes at once.", 20);
        Option<int> pauses = Number("--count", "How many pauses.", 200);
        var longest = new Option<double>("--longest") { Description = "The longest pause, in seconds.", DefaultValueFactory = _ => 60 };
        Option<int> events = Number("--count", "How many events.", 500);
        Option<int> cycles = Number("--count", "How often a disk fills up.", 50);
        Option<int> failures = Number("--failures", "How often a sync fails.", 30);
        Option<int> stalls = Number("--stalls", "How often syncs hang.", 10);
        var stall = new Option<double>("--longest") { Description = "The longest that one sync hangs, in seconds.", DefaultValueFactory = _ => 60 };
        var minutes = new Option<double>("--minutes") { Description = "How long.", DefaultValueFactory = _ => 40 };
        var hours = new Option<double>("--hours") { Description = "How long, in hours instead." };
        return new RootCommand(
            "Torments a cluster of raftkv processes while clients call it, and checks that every promise was kept. The last line is JSON; "
            + "exit code 1 where one was not.")
        {
            Command("kills", "kill -9 of leaders, of others, and of all at once.", [kills, leaders, all], given => new KillFaults(
                given.GetValue(kills), given.GetValue(leaders), given.GetValue(all))),
            Command("pauses", "SIGSTOP and SIGCONT, 0.1 s and longer.", [pauses, longest], given => new PauseFaults(
                given.GetValue(pauses), secondsMax: given.GetValue(longest))),
            Command("network", "Links that drop, break, stutter, lag or choke.", [events], given => new NetworkFaults(given.GetValue(events)), hasProxies: true),
            Command("disk-full", "The leader's disk fills up. Needs the right to mount.", [cycles], given => new DiskFullFaults(given.GetValue(cycles)), own:
                ["--snapshot-threshold=4000", "--trailing-logs=1000", "--snapshot-interval-ms=1000"]),
            Command("sync", "Syncs fail, or hang. Needs strace.", [failures, stalls, stall], given => new SyncFaults(
                given.GetValue(failures), given.GetValue(stalls), given.GetValue(stall))),
            Command("soak", "A fault of any kind each minute, and a look at what the processes take.", [minutes, hours], given => new SoakFaults(
                given.GetValue(hours) > 0 ? TimeSpan.FromHours(given.GetValue(hours)) : TimeSpan.FromMinutes(given.GetValue(minutes))), hasProxies: true),
        };
    }

    /// <summary>Ports side by side that nobody listens on.</summary>
    public static int FreePorts(int count)
    {
        int first = Random.Shared.Next(PortsFirst, PortsLast - count);
        return Enumerable.Range(first, count).All(IsFree) ? first : FreePorts(count);
    }

    private static Option<int> Number(string name, string description, int value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    private static Command Command(
        string name, string description, Option[] options, Func<ParseResult, IFaults> faults, bool hasProxies = false, string[]? own = null)
    {
        var command = new Command(name, description);
        foreach (Option option in (Option[])[.. options, Nodes, Seed, Rate, Data, Store])
        {
            command.Add(option);
        }

        command.SetAction(given => RunAsync(given, faults(given), hasProxies, own ?? []));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult given, IFaults faults, bool hasProxies, string[] own)
    {
        int nodes = given.GetValue(Nodes);
        string? data = given.GetValue(Data);
        string directory = data ?? Directory.CreateTempSubdirectory("raftchaos-").FullName;
        ChaosResult result = await ChaosRun.RunAsync(
            new ChaosOptions
            {
                Directory = directory,
                Nodes = nodes,
                Seed = given.GetValue(Seed),
                Rate = given.GetValue(Rate),
                PortBase = FreePorts(nodes * 3),
                HasProxies = hasProxies,
                NodeOptions = [.. given.GetValue(Store) is { } store ? ["--store", store] : Array.Empty<string>(), .. own],
                Log = Console.Error,
            },
            faults);
        foreach (string wrong in result.Wrong)
        {
            Console.WriteLine(wrong);
        }

        if (result.Wrong.Count == 0 && data is null)
        {
            Directory.Delete(directory, recursive: true);
        }
        else
        {
            Console.WriteLine($"Logs and history: {directory}");
        }

        Console.WriteLine(result.ClosingLine);
        return result.Wrong.Count == 0 ? 0 : 1;
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
