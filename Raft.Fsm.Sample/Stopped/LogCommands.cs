using System.Globalization;
using Raft.Fsm.Sample.CommandLine;

namespace Raft.Fsm.Sample.Stopped;

/// <summary><c>raftkv log</c>: what stands in the data directory of a node that does not run. Nothing there is changed.</summary>
internal static class LogCommands
{
    private const string Group = "log";

    private static readonly OptionSpec Data = new("data", "DIR", "the data directory of a node that does not run") { IsRequired = true };

    /// <summary>The command with those below it.</summary>
    /// <param name="output">Where they say what is there.</param>
    /// <param name="errors">Where they say what is refused.</param>
    public static CommandSpec Of(TextWriter output, TextWriter errors) => new(
        Group, "reads a stopped node's data directory: list, show, verify, diff", [], given => throw given.Wrong("give what is to be done"))
    {
        Commands =
        [
            Make(errors, "list", "what stands in which file", [Data], given => LogListing.RunAsync(given.Required("data"), output)),
            Make(errors, "show", "entries, one line of JSON each",
                [
                    Data, new("from", "INDEX", "the first entry; without it the first that is held"),
                    new("to", "INDEX", "the last entry; without it the last that is held"),
                ],
                given => LogPrinter.RunAsync(given.Required("data"), Index(given, "from", 0), Index(given, "to", ulong.MaxValue), output, errors)),
            Make(errors, "verify", "reads everything, and says what is wrong where", [Data],
                given => LogVerification.RunAsync(given.Required("data"), output)),
            Make(errors, "diff", "where two nodes disagree",
                [Data, new("with", "DIR", "the data directory of the other node") { IsRequired = true }],
                given => LogComparison.RunAsync(given.Required("data"), given.Required("with"), output, errors)),
        ],
    };

    private static ulong Index(ParsedOptions given, string name, ulong absent) => given.Text(name) is not { } text ? absent
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong index) ? index
        : throw given.Wrong($"--{name} is '{text}'; give an index");

    private static CommandSpec Make(
        TextWriter errors, string name, string summary, IReadOnlyList<OptionSpec> options, Func<ParsedOptions, Task<int>> run)
    {
        string full = $"{Group} {name}";
        return new CommandSpec(full, summary, options, given => CommandTable.OnDataAsync(full, errors, () => run(given)));
    }
}
