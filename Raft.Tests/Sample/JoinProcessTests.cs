using System.Text.Json;
using Raft.Fsm.Sample.CommandLine;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary>Real processes that come and go as members of a cluster.</summary>
public sealed class JoinProcessTests
{
    private readonly List<RaftkvProcess> _processes = [];
    private TemporaryDirectory _directory = null!;
    private int[] _ports = [];

    [SetUp]
    public void SetUp()
    {
        _directory = new TemporaryDirectory();
        _ports = TestPorts.Take(8);
    }

    [TearDown]
    public async Task StopAsync()
    {
        foreach (RaftkvProcess process in _processes)
        {
            await process.DisposeAsync();
        }

        _processes.Clear();
        _directory.Dispose();
    }

    [TestCase("wal")]
    [TestCase("memory")]
    [Reference("a43")]
    public async Task A_new_node_joins_by_a_follower_and_gets_to_vote(string store)
    {
        await FoundAsync();
        await PutAsync(0, 200);
        int follower = (await LeaderAsync() + 1) % 3;

        RaftkvProcess joining = await StartAsync(3, $"--join={Http(follower)}", $"--store={store}");

        await VotesAsync(3);
        await SameAsync(0, 3);
        await Eventually.HoldsAsync("it says so", () => joining.Errors.Contains("votes in its cluster", StringComparison.Ordinal), () => joining.Errors);
        Assert.That(joining.Errors, Does.Contain("removed at index"));
        await Eventually.HoldsAsync("it is ready", async () => (await TryAsync(3, "/readyz"))?.Status == 200);
    }

    [Test]
    public async Task A_node_goes_on_asking_a_member_that_is_down_also_after_a_restart()
    {
        RaftkvProcess joining = await StartAsync(3, $"--join={Http(0)}");
        await Eventually.HoldsAsync("it asked", () => joining.Errors.Contains("does not answer", StringComparison.Ordinal));
        Assert.That(await joining.TerminateAsync(), Is.Zero);
        await StartAsync(3, $"--join={Http(0)}");

        await FoundAsync();

        await VotesAsync(3);
    }

    [Test]
    public async Task A_voter_ignores_whom_it_joined_by()
    {
        await FoundAsync();
        RaftkvProcess joining = await StartAsync(3, $"--join={Http(0)}");
        await VotesAsync(3);
        ulong index = await ConfigurationIndexAsync(0);
        await joining.KillAsync();

        await StartAsync(3, $"--join={Http(0)}");
        await Eventually.HoldsAsync("it is ready", async () => (await TryAsync(3, "/readyz"))?.Status == 200);

        Assert.That(await ConfigurationIndexAsync(0), Is.EqualTo(index));
    }

    [Test]
    public async Task A_voter_that_was_removed_while_it_was_down_joins_again()
    {
        await FoundAsync();
        RaftkvProcess first = await StartAsync(3, $"--join={Http(0)}");
        await VotesAsync(3);
        await first.KillAsync();
        Assert.That((await Reply.SendAsync(Http(0), "DELETE", "/raft/servers/n4")).Status, Is.EqualTo(200));

        // So long that nobody tells it any more.
        await Task.Delay(TimeSpan.FromSeconds(6));
        await StartAsync(3, $"--join={Http(0)}");

        await Eventually.HoldsAsync("it is a voter again", async () =>
            (await TryAsync(0, "/raft/status"))?.Text.Contains("\"id\":\"n4\",\"address\":\"127.0.0.1:" + _ports[3] + "\",\"suffrage\":\"Voter\"", StringComparison.Ordinal) == true);
        await SameAsync(0, 3);
    }

    [Test]
    public async Task A_voter_that_lost_its_disk_comes_back()
    {
        List<RaftkvProcess> founders = await FoundAsync();
        await PutAsync(0, 50);
        int leader = await LeaderAsync();
        int lost = (leader + 1) % 3;
        await founders[lost].KillAsync();
        Directory.Delete(_directory.File($"n{lost + 1}"), recursive: true);

        RaftkvProcess back = await StartAsync(lost, $"--join={Http(leader)}");

        await Eventually.HoldsAsync("it votes", () => back.Errors.Contains("votes in its cluster", StringComparison.Ordinal), () => back.Errors);
        await VotesAsync(lost);
        await SameAsync(leader, lost);
        Assert.That(back.Errors, Does.Contain("removed at index"));
    }

    [Test]
    public async Task A_node_killed_at_any_moment_of_its_joining_gets_in_all_the_same()
    {
        await FoundAsync();
        await PutAsync(0, 100);
        for (int round = 0; round < 5; round++)
        {
            RaftkvProcess joining = await StartAsync(3, $"--join={Http(0)}");
            await Task.Delay(TimeSpan.FromMilliseconds(100 * round));
            await joining.KillAsync();
        }

        await StartAsync(3, $"--join={Http(0)}");

        await VotesAsync(3);
        await SameAsync(0, 3);
    }

    [Test]
    public async Task The_commands_change_a_running_cluster()
    {
        await FoundAsync();
        await StartAsync(3);
        int leader = await LeaderAsync();
        int other = (leader + 1) % 3;
        string target = Http(other);
        await PutAsync(0, 20);
        string file = _directory.File("backup");

        Assert.That(await RunAsync("add", "--target", target, "--id", "n4", "--address", $"127.0.0.1:{_ports[3]}"), Is.Zero);
        await VotesAsync(3);
        Assert.That(await RunAsync("demote", "--target", target, "--id", "n4"), Is.Zero);
        Assert.That(await RunAsync("remove", "--target", target, "--id", "n4"), Is.Zero);
        Assert.That(await RunAsync("transfer", "--target", target, "--to", $"n{other + 1}"), Is.Zero);
        Assert.That(await LeaderAsync(), Is.EqualTo(other));
        Assert.That(await RunAsync("snapshot", "--target", target), Is.Zero);
        Assert.That(await RunAsync("backup", "--target", target, "--file", file), Is.Zero);
        await PutAsync(0, 40);
        Assert.That(await RunAsync("restore", "--target", Http(leader), "--file", file), Is.Zero);
        Reply dump = await Reply.SendAsync(target, "GET", "/raft/dump");
        Assert.That(dump.Json.GetProperty("count").GetInt32(), Is.EqualTo(20));
        Assert.That(await RunAsync("status", "--target", target), Is.Zero);
    }

    [Test]
    public async Task A_founder_that_was_down_while_the_log_was_cut_gets_a_snapshot()
    {
        List<RaftkvProcess> founders = await FoundAsync("--snapshot-threshold=20", "--snapshot-interval-ms=100", "--trailing-logs=5");
        int leader = await LeaderAsync();
        int late = (leader + 1) % 3;
        await founders[late].KillAsync();
        await PutAsync(leader, 200);
        await Eventually.HoldsAsync("the log was cut", async () =>
            (await TryAsync(leader, "/raft/entries?from=1&to=1"))?.Json.GetArrayLength() == 0);

        await StartAsync(late, $"--peers={Peers()}", "--snapshot-threshold=20");

        await SameAsync(leader, late);
    }

    private string Http(int node) => $"http://127.0.0.1:{_ports[4 + node]}";

    private string Peers() => string.Join(',', Enumerable.Range(0, 3).Select(i => $"n{i + 1}=127.0.0.1:{_ports[i]}"));

    private async Task<List<RaftkvProcess>> FoundAsync(params string[] more)
    {
        RaftkvProcess[] founders = await Task.WhenAll(
            Enumerable.Range(0, 3).Select(i => StartAsync(i, [$"--peers={Peers()}", .. more])));
        await LeaderAsync();
        return [.. founders];
    }

    private async Task<RaftkvProcess> StartAsync(int node, params string[] more)
    {
        RaftkvProcess process = RaftkvProcess.Start(
        [
            "node", $"--id=n{node + 1}", $"--raft=127.0.0.1:{_ports[node]}", $"--http=127.0.0.1:{_ports[4 + node]}",
            $"--data={_directory.File($"n{node + 1}")}", "--heartbeat-ms=500", "--election-ms=500", "--lease-ms=500", .. more,
        ]);

        // Several are started at once.
        lock (_processes)
        {
            _processes.Add(process);
        }

        await process.ReadyAsync();
        return process;
    }

    private static Task<int> RunAsync(params string[] words) =>
        CommandTable.RunAsync(words, TextWriter.Null, TestContext.Error);

    private async Task PutAsync(int node, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Reply put = await Reply.SendAsync(Http(node), "PUT", $"/kv/k{i}", "v"u8.ToArray());
            Assert.That(put.Status, Is.EqualTo(200), put.Text);
        }
    }

    private async Task<int> LeaderAsync()
    {
        int leader = -1;
        await Eventually.HoldsAsync("a node leads", async () =>
        {
            for (int i = 0; i < 3 && leader < 0; i++)
            {
                leader = (await TryAsync(i, "/raft/status"))?.Text.Contains("\"state\":\"Leader\"", StringComparison.Ordinal) == true ? i : -1;
            }

            return leader >= 0;
        });
        return leader;
    }

    private Task VotesAsync(int node) => Eventually.HoldsAsync(
        $"n{node + 1} knows that it votes",
        async () => await TryAsync(node, "/raft/status") is { } status
            && status.Json.GetProperty("leader").ValueKind == JsonValueKind.Object
            && status.Json.GetProperty("configuration").GetProperty("servers").EnumerateArray().Any(s =>
                s.GetProperty("id").GetString() == $"n{node + 1}" && s.GetProperty("suffrage").GetString() == "Voter"),
        () => string.Join("\n\n", _processes.Select(p => p.Errors)));

    private Task SameAsync(int one, int other) => Eventually.HoldsAsync(
        "both hold the same",
        async () => await TryAsync(one, "/raft/dump") is { } dump && (await TryAsync(other, "/raft/dump"))?.Text == dump.Text,
        () => string.Join("\n\n", _processes.Select(p => p.Errors)));

    private async Task<ulong> ConfigurationIndexAsync(int node) =>
        (await Reply.SendAsync(Http(node), "GET", "/raft/status")).Json.GetProperty("configuration").GetProperty("index").GetUInt64();

    private async Task<Reply?> TryAsync(int node, string target)
    {
        try
        {
            return await Reply.SendAsync(Http(node), "GET", target);
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
