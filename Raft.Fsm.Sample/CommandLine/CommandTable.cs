using System.Text;
using Raft.Fsm.Sample.Admin;
using Raft.Fsm.Sample.Bench;
using Raft.Fsm.Sample.Cluster;
using Raft.Fsm.Sample.Conversion;
using Raft.Fsm.Sample.Import;
using Raft.Fsm.Sample.Node;
using Raft.Fsm.Sample.Recovery;
using Raft.Fsm.Sample.Repair;
using Raft.Fsm.Sample.Stopped;

namespace Raft.Fsm.Sample.CommandLine;

/// <summary>All commands of <c>raftkv</c>, and the way from the words of a command line to an exit code.</summary>
internal static class CommandTable
{
    private static readonly CommandSpec Demo = new(
        string.Empty, "one node, by the command line of raft-demo", DemoCommand.Options,
        given => NodeProcess.RunAsync(DemoCommand.Read(given)));

    /// <summary>The commands, in the order of the help.</summary>
    public static IReadOnlyList<CommandSpec> Commands { get; } =
    [
        new("cluster", "a development cluster on this machine (what raftkv does without a command)", ClusterOptions.Specs,
            given => new ClusterSupervisor(ClusterOptions.Read(given), Console.Out, Console.Error).RunAsync()),
        new("node", "one node", NodeCommand.Options, given => NodeProcess.RunAsync(NodeCommand.Read(given))),
        new("bench", "load against the library itself, one line of JSON", BenchOptions.Specs,
            given => BenchRun.RunAsync(BenchOptions.Read(given), Console.Out)),
        new(BenchOptions.FollowerCommand, "a follower of bench", BenchOptions.FollowerSpecs, BenchFollower.RunAsync)
        {
            IsHidden = true,
        },
        new("status", "how a node stands", StatusCommand.Options, given => StatusCommand.RunAsync(given, Console.Out)),
        .. AdminCommands.Of(Console.Out),
        .. BackupCommands.Of(Console.Out),
        new("convert", "moves the data of a stopped node to another store", ConvertCommand.Options,
            given => ConvertCommand.RunAsync(given, Console.Out, Console.Error))
        {
            Argument = ConvertCommand.Argument,
        },
        new("import", "takes over the data of a stopped Go node", ImportCommand.Options,
            given => ImportCommand.RunAsync(given, Console.Out, Console.Error)),
        LogCommands.Of(Console.Out, Console.Error),
        new("repair", "brings a node back whose data are damaged: it is removed, its data are set aside, and it joins anew", RepairCommand.Options,
            given => RepairCommand.RunAsync(given, Console.Out, Console.Error)),
        new("recover", "makes a cluster of the servers that are left, where a majority is lost for good", RecoverCommand.Options,
            given => RecoverCommand.RunAsync(given, Console.Out, Console.Error)),
    ];

    /// <summary>Runs a command line.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] words, TextWriter output, TextWriter errors)
    {
        try
        {
            (CommandSpec command, int skipped) = Find(words);
            if (ParsedOptions.Parse(command, words.AsSpan(skipped)) is { } options)
            {
                return await command.Run(options);
            }

            await output.WriteAsync(skipped == 0 ? Help() : command.Help());
            return ExitCodes.Success;
        }
        catch (UsageException wrong)
        {
            await errors.WriteLineAsync(OneLine(wrong.Message));
            return ExitCodes.Usage;
        }
        catch (AdminException failed)
        {
            await errors.WriteLineAsync(OneLine($"raftkv {words[0]}: {failed.Message}"));
            return ExitCodes.Failure;
        }
    }

    /// <summary>Runs a command on data directories; what their stores refuse is told in one line.</summary>
    /// <param name="name">The command's name.</param>
    /// <param name="errors">Where it is told.</param>
    /// <param name="run">The command, up to its exit code.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> OnDataAsync(string name, TextWriter errors, Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (RaftException refused)
        {
            await errors.WriteLineAsync(OneLine($"raftkv {name}: {refused.Message}"));
            return ExitCodes.Store;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync(OneLine($"raftkv {name}: the data cannot be used: {refused.Message}"));
            return ExitCodes.Store;
        }
    }

    /// <summary>A message in one line, whoever wrote it.</summary>
    public static string OneLine(string message) => message.ReplaceLineEndings(" ");

    private static (CommandSpec Command, int Skipped) Find(string[] words)
    {
        if (words.Length == 0 || words[0].StartsWith('-'))
        {
            return (DemoCommand.IsMeant(words) ? Demo : Commands[0], 0);
        }

        CommandSpec command = Commands.FirstOrDefault(c => c.Name == words[0]) ?? throw new UsageException(
            $"raftkv: there is no command '{words[0]}'; give {Names(Commands)} (see raftkv --help)");
        if (command.Commands.Count == 0 || (words.Length > 1 && words[1].StartsWith('-')))
        {
            return (command, 1);
        }

        string next = words.Length > 1 ? words[1] : "";
        return (command.Commands.FirstOrDefault(c => c.Name == $"{command.Name} {next}") ?? throw new UsageException(
            $"raftkv {command.Name}: {(next.Length == 0 ? "what is to be done is missing" : $"there is no '{next}'")}; give "
            + $"{Names(command.Commands)} (see raftkv {command.Name} --help)"), 2);
    }

    private static string Names(IEnumerable<CommandSpec> commands) =>
        string.Join(", ", commands.Where(c => !c.IsHidden).Select(c => c.Name));

    private static string Help()
    {
        var text = new StringBuilder("raftkv: a replicated key-value store on Raft\n\nCommands:\n");
        foreach (CommandSpec command in Commands.Where(c => !c.IsHidden))
        {
            text.Append($"  {command.Name,-10} {command.Summary}\n");
        }

        text.Append("\nraftkv COMMAND --help lists a command's options. Without a command a cluster is started:\n\n");
        return text.Append(Commands[0].Help()).ToString();
    }
}
