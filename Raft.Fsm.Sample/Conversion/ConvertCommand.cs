using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Node;
using Raft.Fsm.Sample.Stores;
using Raft.Stores.LiteDb;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Conversion;

/// <summary><c>raftkv convert</c>: moves the data of a stopped node to another store.</summary>
internal static class ConvertCommand
{
    private const string DirectoryName = "DIR";

    /// <summary>The options.</summary>
    public static IReadOnlyList<OptionSpec> Options { get; } =
    [
        new("from", "NAME", "the store that holds the data: wal or litedb") { IsRequired = true },
        new("to", "NAME", "the store that is to hold it: wal or litedb") { IsRequired = true },
    ];

    /// <summary>What it works on.</summary>
    public static OptionSpec Argument { get; } = new(DirectoryName, DirectoryName, "the data directory of a node that does not run");

    /// <summary>Converts.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="UsageException">Something is wrong with the command line.</exception>
    public static async Task<int> RunAsync(ParsedOptions given, TextWriter output, TextWriter errors)
    {
        string from = given.Choice("from", StoreNames.Wal, StoreNames.LiteDb);
        string to = given.Choice("to", StoreNames.Wal, StoreNames.LiteDb);
        if (from == to)
        {
            throw given.Wrong($"--from and --to are both {from}; name two stores");
        }

        string directory = given.Required(DirectoryName);
        try
        {
            var disk = new RealDisk();
            await RequireConvertibleAsync(given, directory, from, to, disk);
            var conversion = new StoreConversion(
                StoreKind.Find(from)!, StoreKind.Find(to)!, directory, disk, new ConversionProgress(errors));
            await output.WriteLineAsync($"raftkv convert: {directory}: {await conversion.RunAsync()}");
            return ExitCodes.Success;
        }
        catch (StoreException refused)
        {
            await errors.WriteLineAsync(CommandTable.OneLine($"raftkv convert: {directory} is refused: {refused.Message}"));
            return ExitCodes.Store;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync(CommandTable.OneLine($"raftkv convert: {directory} cannot be used: {refused.Message}"));
            return ExitCodes.Store;
        }
    }

    /// <summary>Refuses what is no node's directory, and what this build cannot do, before anything is made or locked.</summary>
    private static async Task RequireConvertibleAsync(ParsedOptions given, string directory, string from, string to, RealDisk disk)
    {
        ConversionMarker? interrupted = await ConversionMarker.ReadAsync(directory, disk);
        if (interrupted is null && (await DataDirectory.HeldAsync(directory, StoreKind.All, disk)).Length == 0)
        {
            throw given.Wrong($"{directory} holds no store; give the data directory of a node");
        }

        // To give a conversion up is to delete, for which LiteDB is not needed.
        if (!LiteDbStore.IsAvailable && !StoreConversion.GivesUp(interrupted, from, to))
        {
            throw given.Wrong(StoreNames.LiteDbAbsentText);
        }
    }
}
