namespace Raft.Tests.Architecture;

/// <summary>
/// One line of <c>Golden/mutants.txt</c>: a change of the sources that turns a test of an item red, or the name of a planted
/// bug that the simulator finds.
/// </summary>
/// <param name="Id">The item.</param>
/// <param name="File">The file that is changed; empty for a planted bug.</param>
/// <param name="OldText">What stands there, once.</param>
/// <param name="NewText">What takes its place; for a planted bug its name.</param>
/// <param name="Test">The test that goes red, as class and method; empty for a planted bug.</param>
internal sealed record PlantedChange(string Id, string File, string OldText, string NewText, string Test)
{
    private const string Planted = "mutation ";

    /// <summary>Whether it is one of the bugs of <c>raftsim --list-mutations</c>.</summary>
    public bool IsPlantedBug => File.Length == 0;

    /// <summary>Reads all lines, in their order.</summary>
    public static IReadOnlyList<PlantedChange> ReadAll(string root) =>
    [
        .. System.IO.File.ReadLines(Path.Combine(root, "Raft.Tests/Golden/mutants.txt"))
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(" | "))
            .Select(fields => fields.Length == 2 && fields[1].StartsWith(Planted, StringComparison.Ordinal)
                ? new PlantedChange(fields[0], "", "", fields[1][Planted.Length..], "")
                : new PlantedChange(fields[0], fields[1], fields[2], fields[3], fields[4])),
    ];

    /// <summary>The change in one line of a Markdown table.</summary>
    public string Describe() => IsPlantedBug
        ? $"planted bug `{NewText}`"
        : $"`{System.IO.Path.GetFileName(File)}`: {Code(OldText)} → {(NewText.Length == 0 ? "nothing" : Code(NewText))}";

    private static string Code(string text) => $"`{text.Replace("|", "\\|", StringComparison.Ordinal)}`";
}
