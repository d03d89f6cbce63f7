using System.Globalization;
using System.Text.RegularExpressions;

namespace Raft.Tests.Architecture;

/// <summary>A page of <c>docs/</c> whose tables say what the names of another library are here.</summary>
internal sealed partial class MappingPage
{
    /// <summary>Stands in the middle where a name has no counterpart.</summary>
    public const string None = "none";

    private const string Head = "| Go | Here | |";
    private const string Rule = "|---|---|---|";

    /// <summary>Reads a page.</summary>
    /// <param name="file">Its name in <c>docs/</c>.</param>
    public MappingPage(string file)
    {
        string[] lines = File.ReadAllLines(Path.Combine(TidyTests.RepositoryRoot(), "docs", file));
        Match claim = CountClaim().Match(string.Join(' ', lines));
        Claimed = claim.Success ? int.Parse(claim.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
        Rows = [.. lines.Where(l => l.StartsWith('|') && l != Head && l != Rule).Select(MappingRow.Parse)];
    }

    /// <summary>The rows of all tables.</summary>
    public IReadOnlyList<MappingRow> Rows { get; }

    /// <summary>How many names the page says that it has.</summary>
    public int Claimed { get; }

    [GeneratedRegex(@"The tables name (?:all )?(\d+) symbols")]
    private static partial Regex CountClaim();
}
