using System.Text;
using Raft.Fsm.Sample.CommandLine;

namespace Raft.Tests.Sample;

/// <summary>What the routes of members and snapshots refuse, on one node that leads itself beside a nonvoter.</summary>
public sealed class MemberRoutesTests
{
    private SampleServer _server = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _server = await SampleServer.StartAsync(
            new InMemoryNetwork(TimeProvider.System), "n1",
            new ClusterConfiguration(new Server("n1", "n1:1"), new Server("n2", "n2:1", ServerSuffrage.Nonvoter)));
        await Eventually.HoldsAsync("n1 leads", () => _server.Raft.State == RaftState.Leader);
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [TestCase("POST", "/raft/servers", "", 400, "bad_request")]
    [TestCase("POST", "/raft/servers", "nonsense", 400, "bad_request")]
    [TestCase("POST", "/raft/servers", """{"id":"n3"}""", 400, "bad_request")]
    [TestCase("GET", "/raft/servers", null, 405, "bad_method")]
    [TestCase("GET", "/raft/servers/n2", null, 405, "bad_method")]
    [TestCase("DELETE", "/raft/servers/n2/demote", null, 405, "bad_method")]
    [TestCase("DELETE", "/raft/servers/", null, 404, "not_found")]
    [TestCase("DELETE", "/raft/servers/a/b", null, 404, "not_found")]
    [TestCase("DELETE", "/raft/servers/%ff", null, 400, "bad_request")]
    [TestCase("POST", "/raft/servers/n9/demote", null, 404, "not_found")]
    [TestCase("POST", "/raft/servers/n%2F9/demote", null, 404, "not_found")]
    [TestCase("POST", "/raft/servers/n3/join", null, 400, "bad_request")]
    [TestCase("POST", "/raft/servers/n3/join", """{"address":"0.0.0.0:1"}""", 400, "bad_request")]
    [TestCase("POST", "/raft/servers/n3/join", """{"id":"n3","address":"n3:1"}""", 400, "bad_request")]
    [TestCase("GET", "/raft/servers/n3/join", null, 405, "bad_method")]
    [TestCase("POST", "/raft/transfer", "nonsense", 400, "bad_request")]
    [TestCase("POST", "/raft/transfer", """{"id":"n9"}""", 404, "not_found")]
    [TestCase("POST", "/raft/transfer", """{"id":"n2"}""", 409, "conflict")]
    [TestCase("POST", "/raft/transfer", """{"id":"n1"}""", 409, "conflict")]
    [TestCase("POST", "/raft/transfer", "{}", 409, "conflict")]
    [TestCase("POST", "/raft/transfer", null, 409, "conflict")]
    [TestCase("GET", "/raft/transfer", null, 405, "bad_method")]
    [TestCase("GET", "/raft/snapshot", null, 405, "bad_method")]
    [TestCase("POST", "/raft/backup", null, 405, "bad_method")]
    [TestCase("GET", "/raft/restore", null, 405, "bad_method")]
    [TestCase("POST", "/raft/restore", null, 400, "bad_request")]
    [TestCase("POST", "/raft/restore", "nonsense", 400, "bad_request")]
    [TestCase("POST", "/raft/restore", """{"format":"raftkv","version":1,"count":1}""", 400, "bad_request")]
    public async Task A_request_that_is_wrong_is_refused(
        string method, string target, string? body, int status, string code)
    {
        Reply reply = await _server.SendAsync(method, target, body);

        Assert.That((reply.Status, reply.Error), Is.EqualTo((status, code)), reply.Text);
    }

    [Test]
    public async Task Who_asks_to_join_hears_how_far_it_is_until_it_votes()
    {
        const string Body = """{"address":"n5:1"}""";

        Reply first = await _server.SendAsync("POST", "/raft/servers/n5/join", Body);
        Assert.That(first.Status, Is.EqualTo(202), first.Text);
        await Eventually.HoldsAsync("it is a nonvoter", async () =>
            (await _server.SendAsync("POST", "/raft/servers/n5/join", Body)).Json.GetProperty("stage").GetString() == "CatchingUp");

        Reply taken = await _server.SendAsync("POST", "/raft/servers/n6/join", Body);
        Assert.That((taken.Status, taken.Error), Is.EqualTo((409, "conflict")), "two servers of one address");
        Assert.That((await _server.SendAsync("DELETE", "/raft/servers/n5")).Status, Is.EqualTo(200));

        Reply voter = await _server.SendAsync("POST", "/raft/servers/n1/join", """{"address":"n1:1"}""");
        Assert.That((voter.Status, voter.Json.GetProperty("index").GetUInt64()), Is.EqualTo((200, _server.Raft.LastIndex)), voter.Text);
    }

    [Test]
    public async Task A_file_larger_than_a_value_or_a_body_of_a_key_is_looked_through_to_its_end()
    {
        var file = new StringBuilder("""{"format":"raftkv","version":1,"count":80}""" + "\n");
        for (int i = 10; i < 89; i++)
        {
            file.Append($$"""{"key":"{{i}}","value":"{{new string('x', 1 << 20)}}"}""").Append('\n');
        }

        Reply reply = await _server.SendAsync("POST", "/raft/restore", file.ToString());

        Assert.That(reply.Status, Is.EqualTo(400));
        Assert.That(reply.Text, Does.Contain("it ends after 79 of 80 keys"));
    }

    [TestCase("demote --target http://{0} --id n9", "raftkv demote: not_found: there is no server n9")]
    [TestCase("transfer --target http://{0} --to n2", "raftkv transfer: conflict: n2 is no voter")]
    [TestCase("status --target http://127.0.0.1:1", "raftkv status: http://127.0.0.1:1/ does not answer")]
    public async Task A_command_that_is_refused_says_why_in_one_line_and_ends_with_1(string line, string says)
    {
        using var errors = new StringWriter();

        int exitCode = await CommandTable.RunAsync(
            string.Format(null, line, _server.Node.Http).Split(' '), TextWriter.Null, errors);

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(errors.ToString(), Does.StartWith(says));
        Assert.That(errors.ToString().TrimEnd().Split('\n'), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task A_file_that_is_not_restored_is_told_by_the_command()
    {
        using var directory = new Support.TemporaryDirectory();
        string file = directory.File("backup");
        await File.WriteAllTextAsync(file, "nonsense");
        using var errors = new StringWriter();

        int exitCode = await CommandTable.RunAsync(
            ["restore", "--target", $"http://{_server.Node.Http}", "--file", file], TextWriter.Null, errors);

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(errors.ToString(), Does.StartWith($"raftkv restore: {file} is refused, and nothing was sent: This is no snapshot of raftkv: line 1"));
    }

    [Test]
    public async Task The_status_tells_of_snapshots()
    {
        Reply status = await _server.SendAsync("GET", "/raft/status");

        Assert.That(status.Json.GetProperty("lastSnapshotIndex").GetUInt64(), Is.Zero);
        Assert.That(status.Json.GetProperty("lastSnapshotTerm").GetUInt64(), Is.Zero);
    }
}
