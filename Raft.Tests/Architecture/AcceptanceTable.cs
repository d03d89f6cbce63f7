using System.Reflection;
using System.Text;
using Raft.Tests.Support;

namespace Raft.Tests.Architecture;

/// <summary>The items, the tests that refer to them, and the page of the docs that shows both.</summary>
internal sealed class AcceptanceTable
{
    /// <summary>Where the page stands.</summary>
    public const string Page = "docs/acceptance.md";

    private const string Head = """
        # What is accepted by which test

        Made by `./dev accept` from `Raft.Tests/Golden/acceptance.txt` and `mutants.txt` and from the tests themselves: each
        names what it checks by `[Reference("A1")]`. The first list holds the scenarios that hashicorp/raft's own suites go
        through (ids like A1 and C10), the second what the described systems promise (ids like c01 and c10).

        A test stands beside an item only if it goes red where the library breaks it. For some the fourth column names a
        change that shows this: `./dev mutants` makes each in a copy of the tree and looks, `raftsim --mutation` plants the
        bugs that have a name (`testing.md`). The W numbers are those of `divergence.md`: there the test holds what is done
        here. `todo` items, or parts of them, are being built; `open` ones wait for later work.
        """;

    private readonly ILookup<string, PlantedChange> _changes;

    /// <summary>Reads all of it.</summary>
    public AcceptanceTable(string root)
    {
        Items = AcceptanceItem.ReadAll(root);
        Changes = PlantedChange.ReadAll(root);
        _changes = Changes.ToLookup(c => c.Id);
        References =
        [
            .. Assembly.GetExecutingAssembly().GetTypes().SelectMany(ReferencesOf).OrderBy(r => r.Test, StringComparer.Ordinal),
        ];
        TestsOf = References.ToLookup(r => r.Id, r => r.Test);
    }

    /// <summary>The items, in order.</summary>
    public IReadOnlyList<AcceptanceItem> Items { get; }

    /// <summary>The changes that show that tests go red.</summary>
    public IReadOnlyList<PlantedChange> Changes { get; }

    /// <summary>Every reference of a test to an item, and whether what it stands on is a test.</summary>
    public IReadOnlyList<(string Id, string Test, bool IsTest)> References { get; }

    /// <summary>The tests of an item.</summary>
    public ILookup<string, string> TestsOf { get; }

    /// <summary>The page of the docs.</summary>
    public string Render()
    {
        var text = new StringBuilder(Head).Append('\n');
        int tested = Items.Count(i => TestsOf[i.Id].Any());
        text.Append($"\n{Items.Count} items: {tested} with a test, {Items.Count(i => i.IsTodo)} of all `todo`, ")
            .Append($"{Items.Count(i => i.IsOpen)} `open`, {Items.Count(i => i.IsNotApplicable)} not applicable.\n");
        foreach (IGrouping<string, AcceptanceItem> group in Items.GroupBy(i => i.Group))
        {
            text.Append($"\n## {group.Key}\n\n| Id | Item | Tests | A change that turns one red | Note |\n|---|---|---|---|---|\n");
            foreach (AcceptanceItem item in group)
            {
                string tests = string.Join(", ", TestsOf[item.Id].Distinct().Select(t => $"`{t}`"));
                string changes = string.Join("; ", _changes[item.Id].Select(c => c.Describe()));
                text.Append($"| {item.Id} | {item.Text} | {tests} | {changes} | {item.Note} |\n");
            }
        }

        return text.ToString();
    }

    private static IEnumerable<(string Id, string Test, bool IsTest)> ReferencesOf(Type type)
    {
        foreach (ReferenceAttribute reference in type.GetCustomAttributes<ReferenceAttribute>(inherit: false))
        {
            bool isTest = !type.IsAbstract && reference.Test is { } name && type.GetMethod(name) is { } method && IsTest(method);
            foreach (string id in reference.Ids)
            {
                yield return (id, $"{type.Name}.{reference.Test}", isTest);
            }
        }

        const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static
            | BindingFlags.DeclaredOnly;
        foreach (MethodInfo method in type.GetMethods(Own))
        {
            foreach (string id in method.GetCustomAttributes<ReferenceAttribute>(inherit: false).SelectMany(r => r.Ids))
            {
                yield return (id, $"{type.Name}.{method.Name}", !type.IsAbstract && IsTest(method));
            }
        }
    }

    private static bool IsTest(MethodInfo method) => method.GetCustomAttributes(inherit: true)
        .Any(a => a is TestAttribute or TestCaseAttribute or TestCaseSourceAttribute);
}
