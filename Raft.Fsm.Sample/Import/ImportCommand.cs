using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Conversion;
using Raft.Fsm.Sample.Node;
using Raft.Fsm.Sample.Stores;
using Raft.Stores.Bolt;
using Raft.Stores.LiteDb;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Import;

/// <summary><c>raftkv import</c>: takes over the data of a Go node that was stopped.</summary>
internal static class ImportCommand
{
    /// <summary>The options.</summary>
    public static IReadOnlyList<OptionSpec> Options { get; } =
    [
        new("from-go", "DIR", "the directory of a stopped node of hashicorp/raft, with raft.db and snapshots") { IsRequired = true },
        new("data", "DIR", "the data directory to make (by default the same, where the snapshots stay)"),
        new("to", "NAME", "the store that is to hold log, term and vote: wal or litedb", StoreNames.Wal),
    ];

    /// <summary>Imports.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="UsageException">Something is wrong with the command line.</exception>
    public static async Task<int> RunAsync(ParsedOptions given, TextWriter output, TextWriter errors)
    {
        string to = given.Choice("to", StoreNames.Wal, StoreNames.LiteDb);
        string from = RealPath.Of(given.Required("from-go"));
        string directory = given.Has("data") ? RealPath.Of(given.Required("data")) : from;
        if (to == StoreNames.LiteDb && !LiteDbStore.IsAvailable)
        {
            throw given.Wrong($"--to litedb: {StoreNames.LiteDbAbsentText}");
        }

        if (!File.Exists(Path.Combine(from, DataDirectory.GoDatabase)) && !File.Exists(Path.Combine(from, GoFile.ImportedName)))
        {
            throw given.Wrong($"{from} holds no {DataDirectory.GoDatabase}; give the directory of a Go node with raft-boltdb");
        }

        try
        {
            var import = new GoImport(
                from, directory, StoreKind.Find(to)!, new RealDisk(), BoltStore.LockAsync, new ConversionProgress(errors));
            await output.WriteLineAsync(CommandTable.OneLine($"raftkv import: {from}: {await import.RunAsync()}"));
            return ExitCodes.Success;
        }
        catch (StoreException refused)
        {
            await errors.WriteLineAsync(CommandTable.OneLine($"raftkv import: {from} is refused: {refused.Message}"));
            return ExitCodes.Store;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync(CommandTable.OneLine($"raftkv import: {from} cannot be used: {refused.Message}"));
            return ExitCodes.Store;
        }
    }
}
