using System.Reflection;
using System.Text.RegularExpressions;
using Raft.Tests.Support;

namespace Raft.Tests.Architecture;

/// <summary>The habits of the source tree, held by a test where a machine can see them.</summary>
public sealed partial class TidyTests
{
    private const int LinesMax = 350;

    internal static readonly string Root = RepositoryRoot();

    private static IEnumerable<string> SourceFiles() => Directory
        .EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/'))
        .Where(f => !f.StartsWith("artifacts/", StringComparison.Ordinal) && !f.Contains("/obj/") && !f.Contains("/bin/"));

    [Test]
    public void No_file_is_longer_than_350_lines()
    {
        IEnumerable<string> tooLong = SourceFiles()
            .Select(f => (File: f, Lines: File.ReadLines(Path.Combine(Root, f)).Count()))
            .Where(f => f.Lines > LinesMax).Select(f => $"{f.File}: {f.Lines}");

        Assert.That(tooLong, Is.Empty);
    }

    [Test]
    public void Nothing_is_left_for_later_or_switched_off()
    {
        string[] marks = ["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Exception", "[Ign" + "ore(", "[Re" + "try(", "#reg" + "ion", "Thread.Sl" + "eep"];
        IEnumerable<string> found = SourceFiles().SelectMany(f => File.ReadLines(Path.Combine(Root, f))
            .Select((line, i) => (line, number: i + 1))
            .Where(l => marks.Any(m => l.line.Contains(m, StringComparison.Ordinal)))
            .Select(l => $"{f}:{l.number}: {l.line.Trim()}"));

        Assert.That(found, Is.Empty);
    }

    [Test]
    public void Every_source_file_of_the_products_stands_in_the_architecture_tree()
    {
        string tree = File.ReadAllText(Path.Combine(Root, "docs/architecture.md"));
        IEnumerable<string> missing = SourceFiles()
            .Where(f => !f.StartsWith("Raft.Tests/", StringComparison.Ordinal))
            .Where(f => !Regex.IsMatch(tree, $@"(^|[\s`/]){Regex.Escape(Path.GetFileName(f))}\b"));

        Assert.That(missing, Is.Empty);
    }

    [Test]
    public void Every_source_file_in_the_architecture_tree_exists()
    {
        HashSet<string> files = [.. SourceFiles().Select(f => Path.GetFileName(f))];
        IEnumerable<string> gone = FileName().Matches(File.ReadAllText(Path.Combine(Root, "docs/architecture.md")))
            .Select(m => m.Value).Where(name => !files.Contains(name));

        Assert.That(gone, Is.Empty);
    }

    [Test]
    public void No_log_event_id_stands_twice()
    {
        IEnumerable<string> twice = SourceFiles().SelectMany(f => EventId().Matches(File.ReadAllText(Path.Combine(Root, f))))
            .GroupBy(m => m.Groups[1].Value).Where(g => g.Count() > 1).Select(g => g.Key);

        Assert.That(twice, Is.Empty);
    }

    [Test]
    [Reference("a01")]
    public void What_leaves_the_injected_scheduler_is_banned_by_the_compiler()
    {
        string banned = File.ReadAllText(Path.Combine(Root, "build/BannedSymbols.txt"));
        string[] escapes =
        [
            "Task.Run(", "T:System.Threading.ThreadPool", "T:System.Threading.Timer", "Task.ConfigureAwait(System.Boolean)",
            "ValueTask`1.AsTask", "P:System.TimeProvider.System", "P:System.Random.Shared", "SemaphoreSlim.WaitAsync(System.Threading.CancellationToken)",
            "ReadAllAsync", "CancelAsync", "M:System.Guid.NewGuid", "P:System.DateTime.UtcNow",
        ];

        Assert.That(escapes.Where(e => !banned.Contains(e, StringComparison.Ordinal)), Is.Empty);
        Assert.That(
            File.ReadAllText(Path.Combine(Root, "Raft/Raft.csproj")),
            Does.Contain("BannedApiAnalyzers").And.Contain("BannedSymbols.txt"));
    }

    internal static string RepositoryRoot()
    {
        string? folder = Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location);
        while (folder is not null && !File.Exists(Path.Combine(folder, "raft.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("The tests run outside the repository.");
    }

    [GeneratedRegex(@"\b[A-Z][A-Za-z.]*\.cs\b")]
    private static partial Regex FileName();

    [GeneratedRegex(@"LoggerMessage\((\d+),")]
    private static partial Regex EventId();
}
