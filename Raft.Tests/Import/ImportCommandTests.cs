using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Import;
using Raft.Fsm.Sample.Node;
using Raft.Fsm.Sample.Stores;
using Raft.Stores.Wal;
using Raft.Tests.Support;

namespace Raft.Tests.Import;

/// <summary><c>raftkv import</c> on a real disk, as an operator meets it.</summary>
[TestFixture]
public sealed class ImportCommandTests
{
    private static readonly GoldenNode Node = GoldenNode.All[0];

    private TemporaryDirectory _directory = null!;

    [SetUp]
    public void MakeDirectory()
    {
        _directory = new TemporaryDirectory();
        Node.Put(_directory.File("go"));
    }

    [TearDown]
    public void DeleteDirectory() => _directory.Dispose();

    [Test]
    public async Task A_Go_nodes_directory_is_taken_over_in_place_and_a_node_opens_it()
    {
        string directory = RealPath.Of(_directory.File("go"));
        Assert.That(
            async () => await NodeStores.OpenAsync("wal", directory),
            Throws.TypeOf<StoreException>().With.Message.Contains($"raftkv import --from-go {directory}"));

        (int exitCode, string output, string errors) = await RunAsync("--from-go", directory + "/");

        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.StartWith($"raftkv import: {directory}: took over entries 98..228, term 3, voted for n1@"));
        Assert.That(output.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
        Assert.That(await File.ReadAllBytesAsync(Path.Combine(directory, "raft.db")), Is.EqualTo(GoStub.Text.ToArray()));
        await RequireOpensAsync(directory, "wal");
        (int again, output, _) = await RunAsync("--from-go", directory);
        Assert.That((again, output), Is.EqualTo(
            (0, $"raftkv import: {directory}: nothing to do: it was imported before, and {directory} holds a wal store\n")));
        (int other, _, errors) = await RunAsync("--from-go", directory, "--data", _directory.File("elsewhere"));
        Assert.That(other, Is.EqualTo(3));
        Assert.That(errors, Does.Contain("was imported before"));
    }

    [Test]
    public async Task A_Go_nodes_directory_is_taken_over_into_another_for_either_store()
    {
        LiteDbRequired.OrSkip();

        (int exitCode, string output, string errors) = await RunAsync(
            "--from-go", _directory.File("go"), "--data", _directory.File("new"), "--to", "litedb");

        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.Contain($"the litedb store is in {RealPath.Of(_directory.File("new"))} with 2 snapshots"));
        await RequireOpensAsync(_directory.File("new"), "litedb");
    }

    [Test]
    public async Task A_Go_node_that_runs_is_refused_with_3_and_nothing_is_changed()
    {
        string[] before = Files();
        await using (new FileStream(_directory.File("go/raft.db"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            (int exitCode, string output, string errors) = await RunAsync("--from-go", _directory.File("go"));

            Assert.That((exitCode, output), Is.EqualTo((3, "")));
            Assert.That(errors, Does.Contain("raft.db is in use by another process, which may be the Go node itself. Stop it first"));
            Assert.That(errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
        }

        Assert.That(Files(), Is.EqualTo(before));
    }

    [Test]
    public async Task A_damaged_file_is_refused_with_3_and_nothing_is_changed()
    {
        await using (var file = new FileStream(_directory.File("go/raft.db"), FileMode.Open))
        {
            file.Position = (7 * 4096) + 2;
            file.WriteByte(1);
        }

        string[] before = Files();

        (int exitCode, _, string errors) = await RunAsync("--from-go", _directory.File("go"), "--data", _directory.File("new"));

        Assert.That(exitCode, Is.EqualTo(3));
        Assert.That(errors, Does.Contain("raft.db, page 7: it says that it is page 65543. The file was not changed."));
        Assert.That(Files(), Is.EqualTo(before));
    }

    private static async Task RequireOpensAsync(string directory, string store)
    {
        await using NodeStores stores = await NodeStores.OpenAsync(store, directory);
        await using var open = new OpenStore(stores.Log, stores.Stable, new MemorySource([]));
        await ImportDisk.RequireTakenOverAsync(Node, open, (FileSnapshotStore)stores.Snapshots, store);
    }

    private string[] Files() =>
        [.. Directory.EnumerateFileSystemEntries(_directory.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] words)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        CommandSpec command = CommandTable.Commands.Single(c => c.Name == "import");
        int exitCode = await ImportCommand.RunAsync(ParsedOptions.Parse(command, words)!, output, errors);
        return (exitCode, output.ToString(), errors.ToString());
    }
}
