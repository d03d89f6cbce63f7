using System.Text.RegularExpressions;

namespace Raft.Tests.Architecture;

/// <summary>One name of another library in a <see cref="MappingPage"/>.</summary>
/// <param name="Symbol">The name there.</param>
/// <param name="Here">What stands in the middle.</param>
/// <param name="Note">What stands on the right.</param>
internal sealed partial record MappingRow(string Symbol, string Here, string Note)
{
    /// <summary>Whether the page says that there is no counterpart.</summary>
    public bool HasNone => Here == MappingPage.None;

    /// <summary>The names of this library that stand in the middle.</summary>
    public IEnumerable<string> Counterparts => Spans(Here);

    /// <summary>What the note calls by a type and a member.</summary>
    public IEnumerable<string> Mentions => Spans(Note).Where(name => QualifiedName().IsMatch(name));

    /// <inheritdoc/>
    public override string ToString() => $"{Symbol} | {Here} | {Note}";

    /// <summary>Reads a row; what is missing in it is empty.</summary>
    public static MappingRow Parse(string line)
    {
        string[] cells = [.. line.Split('|').Skip(1).Select(cell => cell.Trim())];
        return new MappingRow(
            Spans(cells.ElementAtOrDefault(0) ?? string.Empty).SingleOrDefault() ?? string.Empty,
            cells.ElementAtOrDefault(1) ?? string.Empty,
            cells.ElementAtOrDefault(2) ?? string.Empty);
    }

    /// <summary>Whether nothing but names in code, with commas between, or <c>none</c> stands in the middle.</summary>
    public bool IsWellFormed() => HasNone || NamesOnly().IsMatch(Here);

    private static IEnumerable<string> Spans(string cell) => CodeSpan().Matches(cell).Select(m => m.Groups[1].Value);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"^[A-Z]\w+\.[A-Z]\w+$")]
    private static partial Regex QualifiedName();

    [GeneratedRegex(@"^`[A-Z]\w*(\.[A-Z]\w*)*`(, `[A-Z]\w*(\.[A-Z]\w*)*`)*$")]
    private static partial Regex NamesOnly();
}
