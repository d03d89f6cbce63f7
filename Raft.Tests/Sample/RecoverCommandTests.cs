using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Node;
using Raft.Fsm.Sample.Recovery;
using Raft.Fsm.Sample.Stopped;
using Raft.Tests.Import;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary><c>raftkv recover</c> on the directories that are left, as an operator meets it.</summary>
[TestFixture]
public sealed class RecoverCommandTests
{
    private static readonly ClusterConfiguration Two = new(new Server("n1", "127.0.0.1:7001"), new Server("n3", "127.0.0.1:7003"));

    private static readonly ClusterConfiguration Five = new(
        [.. Enumerable.Range(1, 5).Select(i => new Server($"n{i}", $"127.0.0.1:700{i}"))]);

    private TemporaryDirectory _directory = null!;

    [SetUp]
    public void MakeDirectory() => _directory = new TemporaryDirectory();

    [TearDown]
    public void DeleteDirectory() => _directory.Dispose();

    [Test]
    public async Task A_dry_run_says_all_there_is_to_know_and_changes_nothing()
    {
        string one = await FilledAsync("n1", [1, 1, 2, 2], commitIndex: 2);
        string two = await FilledAsync("n2", [1, 1, 1, 1, 1], commitIndex: 1);
        string before = StoppedData.HashOf(_directory.Path);

        (int exitCode, string output, string errors) = await RunAsync("--data", one, "--data", two, "--dry-run");

        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(StoppedData.HashOf(_directory.Path), Is.EqualTo(before));
        Assert.That(output.Split('\n')[0], Is.EqualTo(
            $"n1 ({one}): term 2, voted for n1@127.0.0.1:7001, last entry 4 of term 2, known to be committed up to 2, members {Five} of entry 1"));
        Assert.That(output, Does.Contain($"n1 ({one}) should lead: its last entry has the highest term"));
        Assert.That(output, Does.Contain("forced are its entries 3..4: nobody here knows them to be committed"));
        Assert.That(output, Does.Contain("missing may be writes that were acknowledged and stood only on n3, n4, n5: entries behind 4"));
        Assert.That(output, Does.Contain($"to be recovered: n1 ({one})"));
        Assert.That(output, Does.Contain($"to be emptied, and to join when the cluster runs (raftkv node --join): n2 ({two}); its entries 3..5 are dropped"));
        Assert.That(output, Does.Contain("members from then on: [n1@127.0.0.1:7001]"));
    }

    [Test]
    public async Task Servers_with_the_same_last_entry_are_recovered_with_the_same_members_and_doing_it_again_is_harmless()
    {
        string one = await FilledAsync("n1", [1, 1, 2, 2], commitIndex: 2);
        string three = await FilledAsync("n3", [1, 1, 2, 2], commitIndex: 3);

        (int exitCode, string output, string errors) = await RunAsync("--data", one, "--data", three, "--yes");
        (int again, string said, _) = await RunAsync("--data", one, "--data", three, "--yes");

        Assert.That(exitCode, Is.Zero, output + errors);
        Assert.That(output, Does.Contain($"recovered n1 ({one}): all up to entry 4 of term 2").And.Contain($"recovered n3 ({three})"));
        Assert.That(again, Is.Zero, said);
        Assert.That(said, Does.Contain("nothing to do: they were recovered with these members"));
        await RequireRecoveredAsync(one, Two);
        await RequireRecoveredAsync(three, Two);
    }

    [Test]
    public async Task What_was_interrupted_between_two_servers_is_finished_by_the_same_command()
    {
        string one = await FilledAsync("n1", [1, 1, 2, 2], commitIndex: 2);
        string three = await FilledAsync("n3", [1, 1, 2, 2], commitIndex: 3);
        await RecoveryRun.RecoverAsync(await ReadAsync(one, "n1"), Two);

        (int exitCode, string output, string errors) = await RunAsync("--data", one, "--data", three, "--yes");

        Assert.That(exitCode, Is.Zero, output + errors);
        await RequireRecoveredAsync(one, Two);
        await RequireRecoveredAsync(three, Two);
    }

    [Test]
    public async Task A_single_member_may_be_named_and_whoever_is_not_recovered_may_not()
    {
        string one = await FilledAsync("n1", [1, 1, 2, 2], commitIndex: 2);
        string three = await FilledAsync("n3", [1, 1, 2, 2], commitIndex: 3);

        (int empty, _, string refused) = await RunAsync("--data", one, "--data", three, "--members", "n1=127.0.0.1:7001,n4=127.0.0.1:7004", "--yes");
        (int alone, string output, _) = await RunAsync("--data", one, "--data", three, "--members", "n1=127.0.0.1:7001", "--yes");

        Assert.That((empty, alone), Is.EqualTo((2, 0)), output);
        Assert.That(refused, Does.Contain("--members names n4, which is not recovered here"));
        Assert.That(output, Does.Contain($"to be emptied, since it is not among the members: n3 ({three})"));
        await RequireRecoveredAsync(one, new ClusterConfiguration(new Server("n1", "127.0.0.1:7001")));
        Assert.That((await ReadAsync(three, "n3")).State.Configuration.Configuration, Is.EqualTo(Five));
    }

    [Test]
    public async Task Without_yes_nothing_is_done_and_with_a_majority_neither()
    {
        string one = await FilledAsync("n1", [1, 1, 2, 2]);
        string two = await FilledAsync("n2", [1, 1, 2, 2]);
        string three = await FilledAsync("n3", [1, 1, 2, 2]);
        string before = StoppedData.HashOf(_directory.Path);

        (int without, _, string missing) = await RunAsync("--data", one);
        (int both, _, _) = await RunAsync("--data", one, "--yes", "--dry-run");
        (int majority, _, string enough) = await RunAsync("--data", one, "--data", two, "--data", three, "--yes");

        Assert.That((without, both, majority), Is.EqualTo((2, 2, 1)));
        Assert.That(missing, Does.Contain("nothing was changed; give --yes to carry this out"));
        Assert.That(enough, Does.Contain("3 of the 5 voters").And.Contain("which is a majority: start them with their data"));
        Assert.That(StoppedData.HashOf(_directory.Path), Is.EqualTo(before));
        Assert.That((await RunAsync("--data", one, "--data", two, "--data", three, "--yes", "--force")).ExitCode, Is.Zero);
    }

    [Test]
    public async Task A_damaged_directory_is_left_out_and_nothing_is_done_as_long_as_it_is_named()
    {
        string one = await FilledAsync("n1", [1, 1, 2, 2]);
        string two = await FilledAsync("n2", [1, 1, 3, 3, 3]);
        string segment = new StoppedData(two).NewestSegment;
        StoppedData.Flip(segment, StoppedData.Find(segment, "key3"));

        (int dry, string output, _) = await RunAsync("--data", one, "--data", two, "--dry-run");
        (int named, _, string errors) = await RunAsync("--data", one, "--data", two, "--yes");
        (int alone, _, _) = await RunAsync("--data", one, "--yes");

        Assert.That((dry, named, alone), Is.EqualTo((0, 3, 0)));
        Assert.That(output, Does.Contain($"{two} is left out: damaged: {segment} is damaged at offset"));
        Assert.That(errors, Does.Contain($"{two} cannot be used; nothing was changed"));
    }

    [Test]
    public async Task An_id_is_told_where_the_directory_is_not_named_so()
    {
        string copy = await FilledAsync("copy-of-a-disk", [1, 1, 2]);

        (int unknown, string output, string errors) = await RunAsync("--data", copy, "--yes");
        (int named, string said, _) = await RunAsync("--data", $"n2={copy}", "--yes");

        Assert.That((unknown, named), Is.EqualTo((2, 0)), said);
        Assert.That(output, Does.StartWith($"{copy}: term 2"));
        Assert.That(errors, Does.Contain("give --data ID=DIR"));
        await RequireRecoveredAsync(copy, new ClusterConfiguration(new Server("n2", "127.0.0.1:7002")));
    }

    [Test]
    public async Task Directories_of_two_clusters_and_one_that_stands_twice_are_refused()
    {
        string one = await FilledAsync("n1", [1, 1, 1], commitIndex: 2);
        string two = await FilledAsync("n2", [1, 2, 2, 2], commitIndex: 3);
        string same = await FilledAsync("n3", [1, 1, 1]);
        await new StoppedData(same).UseAsync(async (log, _) =>
        {
            await log.TruncateSuffixAsync(2);
            await log.AppendAsync(new LogAppend([new LogSlice(StoppedData.Command(2, 1, "another", "x"))], 1, 0));
            await log.AppendAsync(new LogAppend([new LogSlice(StoppedData.Command(3, 1, "key3", "value of term 1"))], 1, 0));
        });

        (int contradiction, _, string errors) = await RunAsync("--data", one, "--data", two, "--dry-run");
        (int difference, _, string differ) = await RunAsync("--data", one, "--data", same, "--dry-run");
        (int twice, _, string repeated) = await RunAsync("--data", one, "--data", one + "/", "--dry-run");

        Assert.That((contradiction, difference, twice), Is.EqualTo((3, 3, 2)));
        Assert.That(errors, Does.Contain("contradict each other").And.Contain("raftkv log diff"));
        Assert.That(differ, Does.Contain($"{one} and {same} end with the same entry and differ in entry 2"));
        Assert.That(repeated, Does.Contain("stands twice"));
    }

    [Test]
    public async Task A_Go_nodes_data_and_a_server_that_has_not_got_its_log_back_are_left_out()
    {
        GoldenNode.All[0].Put(_directory.File("go"));
        string lost = _directory.File("n2");
        await using (NodeStores stores = await NodeStores.OpenAsync("wal", lost))
        {
            await RaftNode.RejoinClusterAsync(
                new RaftConfig { LocalId = "n2" }, stores.Log, stores.Stable, stores.Snapshots, removalIndex: 9, removalTerm: 3);
        }

        (int exitCode, string output, string errors) = await RunAsync("--data", _directory.File("go"), "--data", lost, "--dry-run");

        Assert.That(exitCode, Is.EqualTo(3));
        Assert.That(output, Does.Contain("raftkv import --from-go").And.Contain("has not got back what it lacked up to entry 9"));
        Assert.That(errors, Does.Contain("none of the directories holds anything to recover"));
    }

    [Test]
    public async Task A_directory_in_use_is_refused()
    {
        string one = await FilledAsync("n1", [1, 1]);
        await using NodeStores open = await NodeStores.OpenAsync("wal", one);

        (int exitCode, _, string errors) = await RunAsync("--data", one, "--yes");

        Assert.That(exitCode, Is.EqualTo(3));
        Assert.That(errors, Does.StartWith("raftkv recover: ").And.Contain("is in use"));
    }

    private static Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] words) => StoppedData.RunAsync(
        (output, errors) => new CommandSpec("recover", "", RecoverCommand.Options, given => RecoverCommand.RunAsync(given, output, errors)), words);

    private static async Task<Survivor> ReadAsync(string directory, string id)
    {
        await using StoppedNode node = await StoppedNode.OpenAsync(directory);
        return await Survivor.ReadAsync(node, id);
    }

    private static async Task RequireRecoveredAsync(string directory, ClusterConfiguration members)
    {
        Survivor survivor = await ReadAsync(directory, "");
        Assert.That(survivor.IsRecoveredWith(members), Is.True, survivor.ToString());
        await using StoppedNode node = await StoppedNode.OpenAsync(directory);
        Assert.That((node.Log.LastIndex, await LogVerification.DamageOfAsync(node)), Is.EqualTo((0UL, Array.Empty<string>())));
    }

    private async Task<string> FilledAsync(string name, ulong[] terms, ulong commitIndex = 0) =>
        (await new StoppedData(_directory.File(name)).FillAsync(terms, commitIndex, founders: Five)).Path;
}
