using System.Text;
using Raft.Fsm.Sample.Stopped;
using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary>What <c>raftkv log verify</c> and <c>diff</c> find, and how they tell what matters from what does not.</summary>
[TestFixture]
public sealed class LogVerificationTests
{
    private TemporaryDirectory _directory = null!;
    private StoppedData _data = null!;

    [SetUp]
    public async Task MakeAsync()
    {
        _directory = new TemporaryDirectory();
        _data = await new StoppedData(_directory.File("n1")).FillAsync([1, 1, 1, 2, 2, 2], commitIndex: 4);
    }

    [TearDown]
    public void DeleteDirectory() => _directory.Dispose();

    [Test]
    public async Task What_is_whole_is_said_to_be_and_what_is_no_command_is_noted()
    {
        await _data.SnapshotAsync(index: 3, term: 1);
        await _data.UseAsync(async (log, _) => await log.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 7, count: 2, term: 2))));

        (int exitCode, string output, _) = await RunAsync("verify", "--data", _data.Path);

        Assert.That(exitCode, Is.Zero, output);
        Assert.That(output, Does.Contain("note: 2 entries are no commands of raftkv, the first of them 7"));
        Assert.That(output, Does.Contain(
            $"{_data.Path} is whole: wal store, entries 1..8, term 2, voted for n1@127.0.0.1:7001, known to be committed up to 4, 1 snapshots\n"));
    }

    [Test]
    public async Task A_byte_in_the_middle_of_the_log_is_named_with_file_and_offset()
    {
        long at = StoppedData.Find(_data.NewestSegment, "key3");
        StoppedData.Flip(_data.NewestSegment, at);

        (int exitCode, string output, _) = await RunAsync("verify", "--data", _data.Path);

        Assert.That(exitCode, Is.EqualTo(3));
        Assert.That(output, Does.StartWith($"damaged: {_data.NewestSegment} is damaged at offset "));
        Assert.That(long.Parse(output.Split("offset ")[1].Split(':')[0]), Is.InRange(at - 200, at));
        Assert.That(output, Does.Contain("a later group").And.Contain($"{_data.Path} is damaged"));
    }

    [Test]
    public async Task A_byte_in_a_page_of_LiteDB_is_named_with_its_file()
    {
        LiteDbRequired.OrSkip();
        StoppedData lite = await new StoppedData(_directory.File("lite"), "litedb").FillAsync([1, 1, 1, 1], commitIndex: 3);
        string database = Path.Combine(lite.Path, "litedb", "raft.db");
        StoppedData.Flip(database, StoppedData.Find(database, "key3"));

        (int exitCode, string output, _) = await RunAsync("verify", "--data", lite.Path);

        Assert.That(exitCode, Is.EqualTo(3), output);
        Assert.That(output, Does.StartWith("damaged: ").And.Contain($"{database} is damaged at offset "));
    }

    [Test]
    public async Task Damage_in_the_last_group_looks_like_a_torn_tail_and_what_may_be_lost_is_narrowed()
    {
        StoppedData.Flip(_data.NewestSegment, StoppedData.Find(_data.NewestSegment, "key6"));

        (int exitCode, string output, _) = await RunAsync("verify", "--data", _data.Path);

        Assert.That(exitCode, Is.Zero, "a crash leaves the same");
        Assert.That(output, Does.StartWith($"torn tail: {_data.NewestSegment}, offset "));
        Assert.That(output, Does.Contain("this is lost: entries 6..6; all up to 4, which is known to be committed, is there"));
    }

    [Test]
    public async Task A_snapshot_that_covers_what_looks_torn_gives_the_damage_away()
    {
        await _data.SnapshotAsync(index: 6, term: 2);
        StoppedData.Flip(_data.NewestSegment, StoppedData.Find(_data.NewestSegment, "key6"));

        (_, string output, _) = await RunAsync("verify", "--data", _data.Path);

        Assert.That(output, Does.Contain("a snapshot covers entries up to 6").And.Contain("likelier damage than a crash"));
    }

    [Test]
    public async Task A_snapshot_is_read_to_its_end_and_decoded()
    {
        SnapshotMeta damaged = await _data.SnapshotAsync(index: 3, term: 1);
        string state = Path.Combine(_data.Path, "snapshots", damaged.Id, "state.bin");
        StoppedData.Flip(state, new FileInfo(state).Length - 3);
        FileSnapshotStore snapshots = await FileSnapshotStore.OpenAsync(_data.Path);
        SnapshotMeta strange = await TestSnapshots.WriteAsync(
            snapshots, new SnapshotPoint(4, 2, StoppedData.Founders, ConfigurationIndex: 1), Encoding.UTF8.GetBytes("nonsense\n"));

        (int exitCode, string output, _) = await RunAsync("verify", "--data", _data.Path);

        Assert.That(exitCode, Is.EqualTo(3));
        Assert.That(output, Does.Contain($"damaged: {state} is damaged: its checksum is "));
        Assert.That(output, Does.Contain($"damaged: the snapshot {strange.Id} is as it was written, and no state of raftkv: "));
    }

    [Test]
    public async Task A_newest_snapshot_whose_description_is_damaged_and_a_lost_term_are_named_together()
    {
        SnapshotMeta snapshot = await _data.SnapshotAsync(index: 3, term: 1);
        await File.WriteAllTextAsync(Path.Combine(_data.Path, "snapshots", snapshot.Id, "meta.json"), "?");
        await File.WriteAllBytesAsync(Path.Combine(_data.Path, "stable.rec"), new byte[4 * 4096]);

        (int exitCode, string output, _) = await RunAsync("verify", "--data", _data.Path);

        Assert.That(exitCode, Is.EqualTo(3));
        Assert.That(output, Does.Contain("stable.rec is damaged at offset 0").And.Contain($"{snapshot.Id} is the newest snapshot and cannot be read"));
    }

    [Test]
    public async Task Parts_that_are_whole_and_do_not_go_together_are_damage()
    {
        await _data.UseAsync(async (_, stable) => await stable.SaveAsync(new TermAndVote(1)));

        (int exitCode, string output, _) = await RunAsync("verify", "--data", _data.Path);

        Assert.That(exitCode, Is.EqualTo(3));
        Assert.That(output, Does.StartWith("damaged: The log cannot be used: its last entry is of term 2"));
    }

    [TestCase(new ulong[] { 1, 1, 1, 2, 2, 2 }, 4UL, 0, "they agree in all that both hold, entries 1..6")]
    [TestCase(new ulong[] { 1, 1, 1, 2 }, 2UL, 0, "{1} lacks entries 5..6 at its end")]
    [TestCase(new ulong[] { 1, 1, 1, 2, 2, 2, 2 }, 4UL, 0, "{0} lacks entries 7..7 at its end")]
    [TestCase(new ulong[] { 1, 1, 1, 2, 3 }, 3UL, 1, "they differ first at entry 5: of term 2 in {0}, of term 3 in {1}; above what either knows to be committed (4)")]
    [TestCase(new ulong[] { 1, 1, 3, 3 }, 1UL, 1, "they differ first at entry 3: of term 1 in {0}, of term 3 in {1}; {0} knows its own to be committed")]
    [TestCase(new ulong[] { 1, 1, 3, 3 }, 3UL, 1, "both know their own to be committed, which cannot be")]
    public async Task Two_logs_are_compared(ulong[] terms, ulong commitIndex, int expected, string says)
    {
        StoppedData other = await new StoppedData(_directory.File("n2")).FillAsync(terms, commitIndex);

        (int exitCode, string output, string errors) = await RunAsync("diff", "--data", _data.Path, "--with", other.Path);

        Assert.That(exitCode, Is.EqualTo(expected), output + errors);
        Assert.That(output, Does.Contain(string.Format(null, says, _data.Path, other.Path)));
    }

    [Test]
    public async Task Other_bytes_in_an_entry_of_the_same_term_are_a_difference()
    {
        var other = new StoppedData(_directory.File("n2"));
        await other.FillAsync([1, 1, 1, 2]);
        await other.UseAsync(async (log, _) =>
            await log.AppendAsync(new LogAppend([new LogSlice(StoppedData.Command(5, 2, "key5", "another"))], 2, 0)));

        (int exitCode, string output, _) = await RunAsync("diff", "--data", _data.Path, "--with", other.Path);

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(output, Does.Contain("they differ first at entry 5: term 2 in both, and other bytes"));
    }

    [Test]
    public async Task What_a_node_lacks_at_its_front_is_covered_by_its_snapshot()
    {
        var other = new StoppedData(_directory.File("n2"));
        await other.SnapshotAsync(index: 4, term: 2);
        await other.UseAsync(async (log, stable) =>
        {
            await stable.SaveAsync(new TermAndVote(2));
            await log.AppendAsync(new LogAppend([new LogSlice(StoppedData.Command(5, 2, "key5", "value of term 2"))], 2, 4));
        });

        (int exitCode, string output, _) = await RunAsync("diff", "--data", other.Path, "--with", _data.Path);

        Assert.That(exitCode, Is.Zero, output);
        Assert.That(output, Does.Contain($"{other.Path} lacks entries 1..4, which its snapshot covers"));
        Assert.That(output, Does.Contain($"{other.Path} lacks entries 6..6 at its end"));
        Assert.That(output, Does.Contain("they agree in all that both hold, entries 5..5"));
    }

    private static Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] words) =>
        StoppedData.RunAsync(LogCommands.Of, words);
}
