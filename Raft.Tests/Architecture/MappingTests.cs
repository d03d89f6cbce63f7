using System.Reflection;
using System.Text.RegularExpressions;
using Raft.Tests.Support;

namespace Raft.Tests.Architecture;

/// <summary>The pages for those who come from other libraries name what is there, and name it once.</summary>
public sealed partial class MappingTests
{
    private const BindingFlags Seen =
        BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy;

    private static readonly string[] Pages = ["hashicorp.md", "etcd.md"];

    private static readonly ILookup<string, Type> Types = Shipped.Types().ToLookup(PlainName);

    [TestCaseSource(nameof(Pages))]
    [Reference("c36", "g01")]
    public void Every_counterpart_is_a_public_type_or_member_of_a_package(string page)
    {
        string[] missing = [.. new MappingPage(page).Rows
            .SelectMany(row => row.Counterparts.Where(name => !IsPublic(name)).Select(name => $"{row.Symbol}: {name}"))];

        Assert.That(missing, Is.Empty, string.Join('\n', missing));
    }

    [TestCaseSource(nameof(Pages))]
    public void Every_member_that_a_note_mentions_is_public_or_a_symbol_of_the_page(string page)
    {
        MappingPage read = new(page);
        HashSet<string> symbols = [.. read.Rows.Select(row => row.Symbol)];

        string[] missing = [.. read.Rows.SelectMany(row => row.Mentions
            .Where(name => !IsPublic(name) && !symbols.Contains(name)).Select(name => $"{row.Symbol}: {name}"))];

        Assert.That(missing, Is.Empty, string.Join('\n', missing));
    }

    [TestCaseSource(nameof(Pages))]
    [Reference("c36", "g01")]
    public void No_symbol_is_missing_or_stands_twice(string page)
    {
        string[] symbols = [.. new MappingPage(page).Rows.Select(row => row.Symbol)];

        Assert.That(symbols, Is.Not.Empty);
        Assert.That(symbols.Count(symbol => symbol.Length == 0), Is.Zero);
        Assert.That(symbols.CountBy(symbol => symbol).Where(count => count.Value > 1), Is.Empty);
    }

    [TestCaseSource(nameof(Pages))]
    [Reference("g01")]
    public void Every_symbol_has_a_counterpart_or_a_reason_why_there_is_none(string page)
    {
        string[] unclear = [.. new MappingPage(page).Rows
            .Where(row => !row.IsWellFormed() || (row.HasNone && row.Note.Length == 0)).Select(row => row.ToString())];

        Assert.That(unclear, Is.Empty, string.Join('\n', unclear));
    }

    [TestCaseSource(nameof(Pages))]
    public void The_page_has_as_many_symbols_as_it_says(string page)
    {
        MappingPage read = new(page);

        Assert.That(read.Rows, Has.Count.EqualTo(read.Claimed));
    }

    [Test]
    public void Every_divergence_that_is_named_by_its_number_is_described()
    {
        string folder = Path.Combine(TidyTests.RepositoryRoot(), "docs");
        string[] described = [.. Numbers(File.ReadAllText(Path.Combine(folder, "divergence.md")))];

        string[] named = [.. Numbers(File.ReadAllText(Path.Combine(folder, "hashicorp.md")))];

        Assert.That(named, Is.Not.Empty);
        Assert.That(named.Except(described), Is.Empty);
    }

    private static IEnumerable<string> Numbers(string page) => DivergenceNumber().Matches(page).Select(m => m.Value).Distinct();

    private static bool IsPublic(string name)
    {
        int dot = name.LastIndexOf('.');
        return Types.Contains(name)
            || (dot > 0 && Types[name[..dot]].Any(type => WithInterfaces(type).Any(t => Declares(t, name[(dot + 1)..]))));
    }

    // What every object has says nothing of this one.
    private static bool Declares(Type type, string member) =>
        type.GetMember(member, Seen).Any(found => found.DeclaringType != typeof(object));

    // What an interface inherits is not among its own members.
    private static IEnumerable<Type> WithInterfaces(Type type) => type.IsInterface ? [type, .. type.GetInterfaces()] : [type];

    private static string PlainName(Type type)
    {
        string name = type.Name.Split('`')[0];
        return type.DeclaringType is { } outer ? $"{PlainName(outer)}.{name}" : name;
    }

    [GeneratedRegex(@"\bW\d+\b")]
    private static partial Regex DivergenceNumber();
}
