using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Conversion;
using Raft.Fsm.Sample.Node;
using Raft.Stores.LiteDb;
using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary><c>raftkv convert</c> and <c>--store</c> on a real disk, as an operator meets them.</summary>
[TestFixture]
public sealed class ConvertCommandTests
{
    private TemporaryDirectory _directory = null!;

    [SetUp]
    public void MakeDirectory() => _directory = new TemporaryDirectory();

    [TearDown]
    public void DeleteDirectory() => _directory.Dispose();

    [Test]
    public async Task A_directory_without_a_store_is_wrong_use_and_stays_as_it_is()
    {
        (int exitCode, _, string errors) = await RunAsync("--from", "wal", "--to", "litedb", _directory.Path);
        (int missing, _, _) = await RunAsync("--from", "wal", "--to", "litedb", _directory.File("missing"));

        Assert.That((exitCode, missing), Is.EqualTo((2, 2)));
        Assert.That(errors, Does.Contain($"{_directory.Path} holds no store"));
        Assert.That(Directory.EnumerateFileSystemEntries(_directory.Path), Is.Empty);
    }

    [Test]
    public async Task Without_LiteDB_nothing_is_touched_and_what_is_missing_is_said()
    {
        if (LiteDbStore.IsAvailable)
        {
            Assert.Ignore("This build has LiteDB.");
        }

        await FillAsync();
        string[] before = Directory.GetFiles(_directory.Path);

        (int exitCode, _, string errors) = await RunAsync("--from", "wal", "--to", "litedb", _directory.Path);

        Assert.That(exitCode, Is.EqualTo(2));
        Assert.That(errors, Does.Contain("this build has no LiteDB"));
        Assert.That(Directory.GetFiles(_directory.Path), Is.EqualTo(before));
    }

    [Test]
    public async Task A_conversion_that_was_interrupted_before_it_counted_is_given_up_without_LiteDB()
    {
        await FillAsync();
        var disk = new RealDisk();
        await new ConversionMarker("wal", "litedb", ConversionPhase.Copy).WriteAsync(_directory.Path, disk);
        Assert.That(
            async () => await NodeStores.OpenAsync("wal", _directory.Path),
            Throws.TypeOf<StoreException>().With.Message.Contains($"raftkv convert --from wal --to litedb {_directory.Path}"));

        (int exitCode, string output, _) = await RunAsync("--from=litedb", "--to=wal", _directory.Path);

        Assert.That(exitCode, Is.Zero);
        Assert.That(output, Is.EqualTo($"raftkv convert: {_directory.Path}: gave the conversion to litedb up; the wal store is as it was\n"));
        await RequireHeldAsync("wal");
    }

    [Test]
    public async Task A_store_is_moved_to_LiteDB_and_back_and_a_node_opens_it_by_its_own_name_only()
    {
        LiteDbRequired.OrSkip();
        await FillAsync();

        (int there, string said, string errors) = await RunAsync("--from", "wal", "--to", "litedb", _directory.Path);

        Assert.That(there, Is.Zero, errors);
        Assert.That(said, Is.EqualTo($"raftkv convert: {_directory.Path}: moved entries 1..300, term 4 from wal to litedb\n"));
        await RequireHeldAsync("litedb");
        Assert.That(
            async () => await NodeStores.OpenAsync("wal", _directory.Path),
            Throws.TypeOf<StoreException>().With.Message.Contains("--store litedb")
                .And.Message.Contains($"raftkv convert --from litedb --to wal {_directory.Path}"));

        (int back, said, errors) = await RunAsync(_directory.Path, "--from", "litedb", "--to", "wal");

        Assert.That(back, Is.Zero, errors);
        Assert.That(said, Does.EndWith(": moved entries 1..300, term 4 from litedb to wal\n"));
        await RequireHeldAsync("wal");
    }

    [Test]
    public async Task A_store_that_is_open_is_refused_with_3()
    {
        LiteDbRequired.OrSkip();
        await FillAsync();
        await using NodeStores open = await NodeStores.OpenAsync("wal", _directory.Path);

        (int exitCode, _, string errors) = await RunAsync("--from", "wal", "--to", "litedb", _directory.Path);

        Assert.That(exitCode, Is.EqualTo(3));
        Assert.That(errors, Does.Contain("raftkv.lock").And.Contain(_directory.Path));
        Assert.That(errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task A_node_in_memory_is_refused_a_directory_that_holds_a_log()
    {
        await FillAsync();

        Assert.That(
            async () => await NodeStores.OpenAsync("memory", _directory.Path),
            Throws.TypeOf<StoreException>().With.Message.Contains("--store wal"));
    }

    private async Task FillAsync()
    {
        await using WalStore store = await WalStore.OpenAsync(_directory.Path);
        await store.Stable.SaveAsync(new TermAndVote(4, "n1", "127.0.0.1:7001"));
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 1, count: 200, term: 3, bytes: 9000)));
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 201, count: 100, term: 4), commitIndex: 200));
    }

    private async Task RequireHeldAsync(string store)
    {
        await using NodeStores stores = await NodeStores.OpenAsync(store, _directory.Path);
        List<string> entries = await TestEntries.AllAsync(stores.Log);
        Assert.That(entries, Has.Count.EqualTo(300));
        Assert.That((entries[0], entries[^1]), Is.EqualTo(("entry 1 of term 3", "entry 300 of term 4")));
        Assert.That(await stores.Stable.LoadAsync(), Is.EqualTo(new TermAndVote(4, "n1", "127.0.0.1:7001")));
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] words)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        CommandSpec command = CommandTable.Commands.Single(c => c.Name == "convert");
        try
        {
            int exitCode = await ConvertCommand.RunAsync(ParsedOptions.Parse(command, words)!, output, errors);
            return (exitCode, output.ToString(), errors.ToString());
        }
        catch (UsageException wrong)
        {
            return (ExitCodes.Usage, output.ToString(), wrong.Message);
        }
    }
}
