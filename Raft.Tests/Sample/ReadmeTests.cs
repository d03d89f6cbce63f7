using Raft.Tests.Support;

namespace Raft.Tests.Sample;

public sealed class ReadmeTests
{
    [Test]
    public async Task The_example_of_the_readme_runs()
    {
        using var directory = new TemporaryDirectory();

        object? answer = await ReadmeExample
            .RunAsync(directory.Path, $"127.0.0.1:{TestPorts.Take(1)[0]}").WaitAsync(TimeSpan.FromSeconds(30));

        Assert.That(answer, Is.EqualTo(5));
    }

    [Test]
    public async Task The_readmes_store_on_LiteDB_opens_and_is_blank()
    {
        LiteDbRequired.OrSkip();
        using var directory = new TemporaryDirectory();

        Assert.That(await ReadmeExample.OpenLiteDbAsync(directory.Path), Is.Null);
    }

    [Test]
    public void The_example_of_the_readme_is_the_one_that_is_tested()
    {
        string root = Root();

        string[] readme = [.. Between(File.ReadAllLines(Path.Combine(root, "README.md")), "```csharp", "```")];
        string[] example = [.. Between(
            File.ReadAllLines(Path.Combine(root, "Raft.Tests", "Sample", "ReadmeExample.cs")), "// README begins", "// README ends")];

        Assert.That(readme, Is.Not.Empty);
        Assert.That(readme, Is.EquivalentTo(example), "the README shows the state machine first");
    }

    [Test]
    public void The_example_of_the_simulation_page_is_the_one_that_is_tested()
    {
        string[] page = [.. Between(File.ReadAllLines(Path.Combine(Root(), "docs", "simulation.md")), "```csharp", "```")];

        string[] code =
        [
            .. Bank("Transfer.cs").Where(line => line.Length > 0),
            .. Bank("BankFsm.cs").Where(line => line.Length > 0),
            .. Bank("BankWorkload.cs").Where(line => line.Length > 0),
            .. Between(Bank("BankTests.cs"), "// docs begin", "// docs end"),
            .. Between(Bank("WrongBanks.cs"), "// docs begin", "// docs end"),
        ];
        Assert.That(page, Is.Not.Empty);
        Assert.That(page, Is.EqualTo(code));

        static IEnumerable<string> Bank(string file) =>
            File.ReadAllLines(Path.Combine(Root(), "Raft.Tests", "Simulation", "Bank", file)).Select(line => line.Trim());
    }

    [Test]
    public void The_examples_of_the_contracts_page_are_those_that_are_tested()
    {
        string[] page = [.. Between(File.ReadAllLines(Path.Combine(Root(), "docs", "contracts.md")), "```csharp", "```")];
        string[] files =
        [
            "Example/ListLogStore.cs", "Example/ListLogStoreTests.cs", "WalLogOnRealDiskTests.cs", "Example/TableStableStore.cs",
            "Example/TableStableStoreTests.cs", "Example/WordsFsm.cs", "Example/WordsFsmTests.cs",
            "Example/NamedStreamLayer.cs", "Example/NamedTransportTests.cs",
        ];

        string[] code = [.. files.SelectMany(file => Between(
            File.ReadAllLines(Path.Combine(Root(), "Raft.Tests", "Contracts", file)), "// docs begin", "// docs end"))];

        Assert.That(page, Is.Not.Empty);
        Assert.That(page, Is.EqualTo(code));
    }

    [Test]
    public void The_examples_of_the_sessions_page_are_those_that_are_tested()
    {
        string[] page = [.. Between(File.ReadAllLines(Path.Combine(Root(), "docs", "sessions.md")), "```csharp", "```")];

        string[] code = [.. new[] { "SessionsExample.cs", "PaymentFsm.cs" }.SelectMany(file => Between(
            File.ReadAllLines(Path.Combine(Root(), "Raft.Tests", "Sessions", file)), "// docs begin", "// docs end"))];

        Assert.That(page, Is.Not.Empty);
        Assert.That(page, Is.EqualTo(code));
    }

    private static IEnumerable<string> Between(IEnumerable<string> lines, string begin, string end)
    {
        bool isInside = false;
        foreach (string line in lines.Select(l => l.Trim()))
        {
            if (line == begin || line == end)
            {
                isInside = line == begin;
            }
            else if (isInside && line.Length > 0)
            {
                yield return line;
            }
        }
    }

    private static string Root()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "raft.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new DirectoryNotFoundException("raft.sln is in no folder above the tests.");
    }
}
