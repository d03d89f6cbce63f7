using System.Text.Json;
using Raft.Fsm.Sample.Conversion;
using Raft.Fsm.Sample.Node;
using Raft.Fsm.Sample.Stopped;
using Raft.Stores.Wal;
using Raft.Tests.Import;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary><c>raftkv log</c> on the data directories of stopped nodes, as an operator meets it.</summary>
[TestFixture]
public sealed class LogCommandTests
{
    private TemporaryDirectory _directory = null!;

    [SetUp]
    public void MakeDirectory() => _directory = new TemporaryDirectory();

    [TearDown]
    public void DeleteDirectory() => _directory.Dispose();

    [Test]
    public async Task A_list_names_the_node_each_segment_and_each_snapshot()
    {
        StoppedData data = await FilledAsync("n1", [1, 1, 1, 2, 2], commitIndex: 4);
        SnapshotMeta snapshot = await data.SnapshotAsync(index: 3, term: 1);

        (int exitCode, string output, _) = await RunAsync("list", "--data", data.Path);

        string[] lines = output.TrimEnd().Split('\n');
        Assert.That(exitCode, Is.Zero);
        Assert.That(lines, Has.Length.EqualTo(3));
        Assert.That(lines[0], Is.EqualTo(
            $"{data.Path}: wal store, entries 1..5, term 2, voted for n1@127.0.0.1:7001, known to be committed up to 4"));
        Assert.That(lines[1], Does.Match("^log-00000000000000000001.wal: entries 1..5, terms 1..2, [0-9]+ of [0-9]+ bytes$"));
        Assert.That(lines[2], Is.EqualTo(
            $"snapshots/{snapshot.Id}: up to entry 3 of term 1, {snapshot.Size} bytes, members "
            + "[n1@127.0.0.1:7001, n2@127.0.0.1:7002, n3@127.0.0.1:7003] of entry 1"));
    }

    [Test]
    public async Task Entries_are_shown_as_the_node_would_show_them_with_the_servers_readable()
    {
        StoppedData data = await FilledAsync("n1", [1, 1, 2], commitIndex: 2);

        (int exitCode, string output, _) = await RunAsync("show", "--data", data.Path);
        (_, string some, _) = await RunAsync("show", "--data", data.Path, "--from", "2", "--to=2");
        (_, string none, _) = await RunAsync("show", "--data", data.Path, "--from", "4");

        JsonElement[] entries = [.. output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.That(exitCode, Is.Zero);
        Assert.That(entries.Select(e => e.GetProperty("index").GetUInt64()), Is.EqualTo(new ulong[] { 1, 2, 3 }));
        Assert.That(entries.Select(e => e.GetProperty("term").GetUInt64()), Is.EqualTo(new ulong[] { 1, 1, 2 }));
        Assert.That(entries.Select(e => e.GetProperty("type").GetString()), Is.EqualTo(new[] { "Configuration", "Command", "Command" }));
        Assert.That(entries.Select(e => e.GetProperty("knownCommitted").GetBoolean()), Is.EqualTo(new[] { true, true, false }));
        Assert.That(
            entries[0].GetProperty("servers").EnumerateArray().Select(s => s.GetProperty("id").GetString()), Is.EqualTo(new[] { "n1", "n2", "n3" }));
        Assert.That(entries[1].GetProperty("data").GetString(), Is.EqualTo("""{"op":"set","key":"key2","value":"value of term 1"}"""));
        Assert.That(entries[1].GetProperty("appendedAt").GetString(), Does.StartWith("1970-01-01T00:00:02"));
        Assert.That(some, Is.EqualTo(output.Split('\n')[1] + "\n"));
        Assert.That(none, Is.Empty);
    }

    [Test]
    public async Task What_a_damaged_log_held_before_the_damage_is_shown_and_the_damage_is_told()
    {
        StoppedData data = await FilledAsync("n1", [1, 1, 1, 1, 1]);
        StoppedData.Flip(data.NewestSegment, StoppedData.Find(data.NewestSegment, "key4"));

        (int exitCode, string output, string errors) = await RunAsync("show", "--data", data.Path);

        Assert.That(exitCode, Is.EqualTo(3));
        Assert.That(output.TrimEnd().Split('\n'), Has.Length.EqualTo(3));
        Assert.That(errors, Does.StartWith($"raftkv log show: damaged: {data.NewestSegment} is damaged at offset "));
        Assert.That(errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
    }

    [TestCase("wal")]
    [TestCase("litedb")]
    [TestCase("damaged")]
    [TestCase("torn")]
    [TestCase("go")]
    public async Task No_command_changes_a_byte_or_a_name_or_a_time(string what)
    {
        string path = await DirectoryAsync(what);
        StoppedData other = await FilledAsync("other", [1, 1, 1, 1], commitIndex: 3);
        string before = StoppedData.HashOf(_directory.Path);

        (int list, string listed, string errors) = await RunAsync("list", "--data", path);
        (int show, string shown, _) = await RunAsync("show", "--data", path);
        (int verify, string verified, _) = await RunAsync("verify", "--data", path);
        (int diff, string compared, _) = await RunAsync("diff", "--data", path, "--with", other.Path);

        Assert.That(StoppedData.HashOf(_directory.Path), Is.EqualTo(before));
        Assert.That(listed, Does.StartWith($"{path}: {(what is "damaged" or "torn" ? "wal" : what)} store, entries "), errors);
        Assert.That(shown, Does.StartWith("{\"index\":"));
        Assert.That(verified, Does.Contain($"{path} is "));
        Assert.That(compared, Does.Contain($"{other.Path}: wal store"));
        Assert.That((list, show, verify), Is.EqualTo(what == "damaged" ? (3, 3, 3) : (0, 0, 0)), verified);
        Assert.That(diff, Is.EqualTo(what == "damaged" ? 3 : 0), compared);
    }

    [TestCase("wal")]
    [TestCase("litedb")]
    public async Task A_directory_in_use_is_refused_in_a_line_and_no_node_starts_in_one_that_is_looked_at(string store)
    {
        string path = await DirectoryAsync(store);
        await using (await NodeStores.OpenAsync(store, path))
        {
            foreach (string command in new[] { "list", "show", "verify" })
            {
                (int exitCode, string output, string errors) = await RunAsync(command, "--data", path);

                Assert.That((exitCode, output), Is.EqualTo((3, "")));
                Assert.That(errors, Does.StartWith($"raftkv log {command}: ").And.Contain($"{path} is in use"));
                Assert.That(errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
            }
        }

        await using StoppedNode looked = await StoppedNode.OpenAsync(path);
        Assert.That(async () => await NodeStores.OpenAsync(store, path), Throws.TypeOf<StoreLockedException>());
    }

    [Test]
    public async Task A_store_that_is_open_without_a_node_is_refused_too()
    {
        StoppedData data = await FilledAsync("n1", [1, 1]);
        await using WalStore open = await WalStore.OpenAsync(data.Path);

        (int exitCode, _, string errors) = await RunAsync("list", "--data", data.Path);

        Assert.That(exitCode, Is.EqualTo(3));
        Assert.That(errors, Does.Contain("wal.lock"));
    }

    [Test]
    public async Task A_directory_that_is_no_nodes_or_half_converted_is_refused()
    {
        (int none, _, string nothing) = await RunAsync("verify", "--data", _directory.File("missing"));
        StoppedData data = await FilledAsync("n1", [1, 1]);
        await new ConversionMarker("wal", "litedb", ConversionPhase.Copy).WriteAsync(data.Path, new RealDisk());

        (int half, _, string interrupted) = await RunAsync("verify", "--data", data.Path);

        Assert.That((none, half), Is.EqualTo((2, 3)));
        Assert.That(nothing, Does.Contain("holds no store"));
        Assert.That(interrupted, Does.Contain($"raftkv convert --from wal --to litedb {data.Path}"));
    }

    private static Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] words) =>
        StoppedData.RunAsync(LogCommands.Of, words);

    private Task<StoppedData> FilledAsync(string name, ulong[] terms, ulong commitIndex = 0, string store = "wal") =>
        new StoppedData(_directory.File(name), store).FillAsync(terms, commitIndex);

    /// <summary>A directory as a node leaves it, with the locks that it took and a snapshot.</summary>
    private async Task<string> DirectoryAsync(string what)
    {
        if (what == "go")
        {
            GoldenNode.All[0].Put(_directory.File("go"));
            return _directory.File("go");
        }

        if (what == "litedb")
        {
            LiteDbRequired.OrSkip();
        }

        string store = what == "litedb" ? what : "wal";
        StoppedData data = await FilledAsync(what, [1, 1, 1, 1, 1, 1], commitIndex: 5, store);
        await data.SnapshotAsync(index: 3, term: 1);
        await (await NodeStores.OpenAsync(store, data.Path)).DisposeAsync();
        if (what == "damaged")
        {
            StoppedData.Flip(data.NewestSegment, StoppedData.Find(data.NewestSegment, "key4"));
        }

        if (what == "torn")
        {
            await data.UseAsync(async (log, _) =>
                await log.AppendAsync(new LogAppend([new LogSlice(StoppedData.Command(7, 1, "torn", "x"))], 1, 5)));
            StoppedData.Flip(data.NewestSegment, StoppedData.Find(data.NewestSegment, "torn"));
        }

        return data.Path;
    }
}
