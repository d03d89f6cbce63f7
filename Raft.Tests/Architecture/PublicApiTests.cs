using System.Reflection;
using System.Text;

namespace Raft.Tests.Architecture;

/// <summary>
/// What users build against is kept as text beside the tests, so that no change of it goes by unseen. <c>./dev accept</c>
/// rewrites the files; the difference is reviewed, and stands in the changelog.
/// </summary>
public sealed class PublicApiTests
{
    [TestCaseSource(typeof(Shipped), nameof(Shipped.Names))]
    public void The_public_surface_is_the_one_that_was_accepted(string assembly)
    {
        string file = Path.Combine(TidyTests.RepositoryRoot(), "Raft.Tests", "Golden", "api", assembly + ".txt");
        string surface = string.Concat(PublicSurface.Of(Assembly.Load(assembly)).Select(line => line + "\n"));
        if (Environment.GetEnvironmentVariable("RAFT_ACCEPT") == "1")
        {
            File.WriteAllText(file, surface, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        }

        string accepted = File.Exists(file) ? File.ReadAllText(file) : string.Empty;
        string[] added = [.. Lines(surface).Except(Lines(accepted))];
        string[] gone = [.. Lines(accepted).Except(Lines(surface))];
        Assert.That(
            surface, Is.EqualTo(accepted),
            $"If that is meant: ./dev accept, and a line in CHANGELOG.md.\nadded:\n{string.Join('\n', added)}\n"
            + $"gone:\n{string.Join('\n', gone)}\n");
    }

    [Test]
    public void Every_project_that_is_packed_has_its_surface_kept()
    {
        string root = TidyTests.RepositoryRoot();
        string artifacts = Path.Combine(root, "artifacts") + Path.DirectorySeparatorChar;
        IEnumerable<string> packed = Directory.EnumerateFiles(root, "*.csproj", SearchOption.AllDirectories)
            .Where(file => !file.StartsWith(artifacts, StringComparison.Ordinal))
            .Where(file => !File.ReadAllText(file).Contains("<IsPackable>false</IsPackable>", StringComparison.Ordinal))
            .Select(file => Path.GetFileNameWithoutExtension(file)!);

        Assert.That(packed, Is.EquivalentTo(Shipped.Names));
    }

    [Test]
    public void No_surface_is_kept_of_what_is_not_shipped()
    {
        string folder = Path.Combine(TidyTests.RepositoryRoot(), "Raft.Tests", "Golden", "api");

        Assert.That(Directory.GetFiles(folder).Select(Path.GetFileName), Is.EquivalentTo(Shipped.Names.Select(n => n + ".txt")));
    }

    private static string[] Lines(string text) => text.Split('\n');
}
