using System.Text.RegularExpressions;

namespace Raft.Tests.Architecture;

/// <summary>The page for operators names every line that may wake them, and none that is not there.</summary>
public sealed partial class OperationsPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(TidyTests.Root, "docs/operations.md"));

    /// <summary>All events of level Warning and above, with their levels.</summary>
    private static SortedDictionary<int, string> Alarming { get; } = new(Directory
        .EnumerateFiles(TidyTests.Root, "LogMessages.cs", SearchOption.AllDirectories)
        .SelectMany(f => Event().Matches(File.ReadAllText(f)))
        .Where(m => m.Groups["level"].Value is "Warning" or "Error" or "Critical")
        .ToDictionary(m => int.Parse(m.Groups["id"].Value), m => m.Groups["level"].Value));

    [Test]
    public void Every_warning_and_error_stands_in_the_table_with_its_level()
    {
        Dictionary<int, string> listed = Row().Matches(Page).ToDictionary(m => int.Parse(m.Groups["id"].Value), m => m.Groups["level"].Value);

        Assert.That(Alarming, Has.Count.GreaterThan(20));
        Assert.That(listed, Is.EquivalentTo(Alarming));
    }

    [GeneratedRegex(@"LoggerMessage\(\s*(?<id>\d+),\s*LogLevel\.(?<level>\w+)")]
    private static partial Regex Event();

    [GeneratedRegex(@"^\| (?<id>\d+) \| (?<level>Warning|Error|Critical) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
