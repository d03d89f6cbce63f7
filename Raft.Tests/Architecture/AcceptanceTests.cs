using Raft.Simulation;

namespace Raft.Tests.Architecture;

/// <summary>
/// Nothing that hashicorp/raft's suites check, or the described systems promise, is left out in silence.
/// <c>./dev accept</c> writes the page anew (it sets RAFT_ACCEPT).
/// </summary>
public sealed class AcceptanceTests
{
    /// <summary>Whether items may still wait for what is being built. False once it is.</summary>
    private const bool AllowTodo = false;

    /// <summary>How many items each group has: its letter, and how the number behind it is written.</summary>
    private static readonly (string Letter, int Count, string Format)[] Groups =
    [
        ("A", 13, "0"), ("B", 13, "0"), ("C", 13, "0"), ("D", 18, "0"), ("E", 7, "0"), ("F", 14, "0"), ("G", 6, "0"), ("H", 14, "0"),
        ("I", 13, "0"), ("J", 9, "0"), ("K", 1, "0"), ("L", 9, "0"), ("M", 6, "0"),
        ("a", 46, "00"), ("b", 11, "00"), ("c", 36, "00"), ("d", 19, "00"), ("e", 4, "00"), ("f", 5, "00"),
        ("g", 17, "00"), ("j", 8, "00"),
    ];

    private static readonly string Root = TidyTests.RepositoryRoot();

    private static readonly AcceptanceTable Table = new(Root);

    [Test]
    public void Every_item_has_its_line() => Assert.That(
        Table.Items.Select(i => i.Id),
        Is.EqualTo(Groups.SelectMany(g => Enumerable.Range(1, g.Count).Select(n => $"{g.Letter}{n.ToString(g.Format)}"))));

    [Test]
    public void Every_item_has_a_test_or_says_why_not()
    {
        IEnumerable<string> silent = Table.Items
            .Where(i => !Table.TestsOf[i.Id].Any() && !i.IsOpen && !i.IsNotApplicable && !(i.IsTodo && AllowTodo))
            .Select(i => i.Id);

        Assert.That(silent, Is.Empty);
        Assert.That(Table.Items.Where(i => i.IsTodo && !AllowTodo).Select(i => i.Id), Is.Empty);
    }

    [Test]
    public void No_item_that_is_open_or_not_applicable_has_a_test() => Assert.That(
        Table.Items.Where(i => (i.IsOpen || i.IsNotApplicable) && Table.TestsOf[i.Id].Any()).Select(i => i.Id), Is.Empty);

    [Test]
    public void Every_reference_stands_on_a_test_and_names_an_item()
    {
        HashSet<string> known = [.. Table.Items.Select(i => i.Id)];

        Assert.That(Table.References.Where(r => !known.Contains(r.Id)), Is.Empty);
        Assert.That(Table.References.Where(r => !r.IsTest), Is.Empty);
    }

    [Test]
    public void Every_change_that_turns_a_test_red_can_still_be_made()
    {
        var wrong = new List<string>();
        foreach (PlantedChange change in Table.Changes)
        {
            bool isPossible = change.IsPlantedBug
                ? PlantedBug.Find(change.NewText) is not null && Table.TestsOf[change.Id].Any()
                : Count(change) == 1 && Table.TestsOf[change.Id].Contains(change.Test);
            if (!isPossible)
            {
                wrong.Add($"{change.Id}: {change.Describe()} for {change.Test}");
            }
        }

        Assert.That(wrong, Is.Empty, "the text must stand in the file once, and the test must refer to the item");
    }

    [Test]
    public void The_page_of_the_docs_is_the_present_one()
    {
        string page = Path.Combine(Root, AcceptanceTable.Page);
        string expected = Table.Render();
        if (Environment.GetEnvironmentVariable("RAFT_ACCEPT") == "1")
        {
            File.WriteAllText(page, expected);
        }

        Assert.That(File.ReadAllText(page), Is.EqualTo(expected), "./dev accept writes it anew");
    }

    private static int Count(PlantedChange change)
    {
        string path = Path.Combine(Root, change.File);
        return File.Exists(path) ? File.ReadAllText(path).Split(change.OldText).Length - 1 : 0;
    }
}
