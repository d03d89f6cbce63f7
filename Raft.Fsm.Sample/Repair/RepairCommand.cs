using Raft.Fsm.Sample.Admin;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Import;
using Raft.Fsm.Sample.Node;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Repair;

/// <summary><c>raftkv repair</c>: brings a node back whose data are damaged, and runs it.</summary>
internal static class RepairCommand
{
    private const string Name = "repair";

    /// <summary>What a node is told of its cluster otherwise; here <c>--via</c> says all.</summary>
    private static readonly string[] Replaced = ["peers", "join"];

    /// <summary>The options: those of a node, and how its cluster is reached.</summary>
    public static IReadOnlyList<OptionSpec> Options { get; } =
    [
        new("via", "URL", "a member that runs, as in http://127.0.0.1:8001; the node is removed and joins anew by it") { IsRequired = true },
        new("force", "", "also where nothing is damaged"),
        .. NodeCommand.Options.Select(o => Replaced.Contains(o.Name) ? o with { IsHidden = true } : o),
    ];

    /// <summary>Repairs, and runs the node until it is asked to stop.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="UsageException">Something is wrong with the command line, or an address cannot be listened on.</exception>
    /// <exception cref="AdminException">It is refused; the message says what to do.</exception>
    public static async Task<int> RunAsync(ParsedOptions given, TextWriter output, TextWriter errors)
    {
        foreach (string name in Replaced)
        {
            if (given.Has(name))
            {
                throw given.Wrong($"--{name} is not for a repair, in which the node joins by --via; leave it out");
            }
        }

        NodeOptions options = NodeCommand.Read(given) with { Join = AdminClient.ReadTarget(given, "via") };
        if (options.Store == StoreNames.Memory)
        {
            throw given.Wrong("--store memory keeps nothing that could be damaged; start the node with --join");
        }

        if (NodeCommand.NamesItself(options))
        {
            throw given.Wrong("--via names this node itself; give another member's HTTP address");
        }

        RepairNote? note = null;
        try
        {
            int prepared = await CommandTable.OnDataAsync(Name, errors, async () =>
            {
                note = await RepairNote.TakeAsync(RealPath.Of(options.Data), new RealDisk());
                await new NodeRepair(options, options.Join!, given.Has("force"), output).PrepareAsync(note);
                return ExitCodes.Success;
            });
            return prepared == ExitCodes.Success ? await NodeProcess.RunAsync(options, note) : prepared;
        }
        finally
        {
            note?.Dispose();
        }
    }
}
