using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Raft.Fsm.Sample.CommandLine;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary>Three nodes: what those that do not lead do for their clients.</summary>
public sealed class ForwardingTests
{
    private static readonly ClusterConfiguration Founders = new(
        new Server("n1", "n1:1"), new Server("n2", "n2:1"), new Server("n3", "n3:1"));

    private readonly List<SampleServer> _servers = [];
    private InMemoryNetwork _network = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _network = new InMemoryNetwork(TimeProvider.System);
        foreach (Server server in Founders.Servers)
        {
            _servers.Add(await SampleServer.StartAsync(
                _network, server.Id.ToString(), Founders, applyTimeout: TimeSpan.FromSeconds(5)));
        }

        await Eventually.HoldsAsync("all know the leader", () => _servers.All(s => s.Raft.Leader.Id == Leader?.Raft.Id));
    }

    [TearDown]
    public async Task StopAsync()
    {
        foreach (SampleServer server in _servers)
        {
            await server.DisposeAsync();
        }

        _servers.Clear();
    }

    private SampleServer? Leader => _servers.FirstOrDefault(s => s.Raft.State == RaftState.Leader);

    private SampleServer Follower => _servers.First(s => s.Raft.State != RaftState.Leader);

    [TestCase("/kv/a")]
    [TestCase("/kv/..")]
    [TestCase("/kv/a%2F..%252F")]
    [Reference("a23", "b01", "j05")]
    public async Task A_follower_sends_writes_and_reads_on_and_says_to_whom(string target)
    {
        Reply put = await Follower.SendAsync("PUT", target, "value");
        Reply get = await Follower.SendAsync("GET", target);
        Reply missing = await Follower.SendAsync("GET", "/kv/missing");
        Reply deleted = await Follower.SendAsync("DELETE", target);

        string leader = Leader!.Raft.Id.ToString();
        Assert.That((put.Status, put.Header("Raft-Forwarded-To")), Is.EqualTo((200, leader)));
        Assert.That((get.Text, get.Header("Raft-Forwarded-To")), Is.EqualTo(("value", leader)));
        Assert.That(get.Header("Raft-Index"), Is.Not.Null);
        Assert.That(missing.Status, Is.EqualTo(404));
        Assert.That(deleted.Json.GetProperty("existed").GetBoolean(), Is.True);
    }

    [Test]
    public async Task What_a_follower_sends_on_is_remembered_for_its_client()
    {
        (string, string)[] session = [("Raft-Client", "c"), ("Raft-Request", "1")];

        Reply first = await Follower.SendAsync("DELETE", "/kv/k", (string?)null, session);
        Reply again = await Leader!.SendAsync("DELETE", "/kv/k", (string?)null, session);

        Assert.That(again.Text, Is.EqualTo(first.Text));
    }

    [TestCase("/raft/verify")]
    [TestCase("/raft/barrier")]
    public async Task What_only_the_leader_can_answer_is_sent_on(string target) =>
        Assert.That((await Follower.SendAsync("POST", target)).Status, Is.EqualTo(200));

    [Test]
    public async Task A_stale_read_is_answered_by_the_node_itself()
    {
        await Leader!.SendAsync("PUT", "/kv/k", "v");
        SampleServer follower = Follower;

        await Eventually.HoldsAsync(
            "the follower has applied it", async () => (await follower.SendAsync("GET", "/kv/k?read=stale")).Text == "v");

        Assert.That((await follower.SendAsync("GET", "/kv/k?read=stale")).Header("Raft-Forwarded-To"), Is.Null);
    }

    [Test]
    [Reference("a23", "j05")]
    public async Task A_client_that_wants_no_forwarding_is_told_the_leader()
    {
        Reply reply = await Follower.SendAsync("PUT", "/kv/k?forward=false", "v");

        JsonElement leader = reply.Json.GetProperty("leader");
        Assert.That((reply.Status, reply.Error), Is.EqualTo((421, "not_leader")));
        Assert.That(leader.GetProperty("id").GetString(), Is.EqualTo(Leader!.Raft.Id.ToString()));
        Assert.That(leader.GetProperty("http").GetString(), Is.EqualTo(Leader.Node.Http));
    }

    [Test]
    public async Task A_request_is_sent_on_once_only()
    {
        Reply reply = await Follower.SendAsync("PUT", "/kv/k", "v", ("Raft-Forwarded-By", "n9"));

        Assert.That((reply.Status, reply.Error), Is.EqualTo((421, "not_leader")));
    }

    [Test]
    [Reference("j04")]
    public async Task All_nodes_end_with_the_same_dump_and_the_status_names_the_leaders_http_address()
    {
        for (int i = 0; i < 20; i++)
        {
            await _servers[i % 3].SendAsync("PUT", $"/kv/k{i}", "v");
        }

        await Eventually.HoldsAsync("all dumps are equal", async () =>
        {
            Reply[] dumps = await Task.WhenAll(_servers.Select(s => s.SendAsync("GET", "/raft/dump")));
            return dumps.Select(d => d.Text).Distinct().Count() == 1 && dumps[0].Json.GetProperty("count").GetInt32() == 20;
        });
        Reply status = await Follower.SendAsync("GET", "/raft/status");

        Assert.That(status.Json.GetProperty("leader").GetProperty("http").GetString(), Is.EqualTo(Leader!.Node.Http));
        Assert.That((await Follower.SendAsync("GET", "/readyz")).Status, Is.EqualTo(200));
    }

    [Test]
    [Reference("f05")]
    public async Task Writes_go_on_after_the_leader_is_gone_and_a_stopped_node_still_tells_its_status()
    {
        SampleServer gone = Leader!;
        SampleServer[] left = [.. _servers.Where(s => s != gone)];
        await gone.Raft.ShutdownAsync();

        Reply put = await left[0].SendAsync("PUT", "/kv/k", "v");
        Reply refused = await gone.SendAsync("PUT", "/kv/k", "v");
        Reply status = await gone.SendAsync("GET", "/raft/status");

        Assert.That(put.Status, Is.EqualTo(200), put.Text);
        Assert.That((refused.Status, refused.Error), Is.EqualTo((503, "shutting_down")));
        Assert.That(refused.Header("Retry-After"), Is.EqualTo("1"));
        Assert.That(status.Json.GetProperty("state").GetString(), Is.EqualTo("Shutdown"));
    }

    [Test]
    [Reference("a29")]
    public async Task The_status_command_prints_how_each_follower_is_sent_to()
    {
        await Leader!.SendAsync("PUT", "/kv/k", "v");
        var command = new CommandSpec("status", "", StatusCommand.Options, _ => Task.FromResult(0));
        ParsedOptions options = ParsedOptions.Parse(command, ["--target", $"http://{Leader!.Node.Http}"])!;
        string output = "";

        await Eventually.HoldsAsync("both follow", async () =>
        {
            using var text = new StringWriter();
            await StatusCommand.RunAsync(options, text);
            output = text.ToString();
            return output.Split("mode Pipeline").Length == 3;
        });

        Assert.That(output, Does.Match("followers +id n. +matchIndex [1-9]"));
    }

    [Test]
    [Reference("b05")]
    public async Task The_leaders_metrics_show_times_bytes_and_failures_for_each_follower()
    {
        SampleServer leader = Leader!;
        SampleServer[] others = [.. _servers.Where(s => s != leader)];
        string lost = others[0].Raft.Id.ToString();
        await leader.SendAsync("PUT", "/kv/k", new string('v', 5000));
        await others[0].Raft.ShutdownAsync();
        string text = "";
        double Of(string name, string id) => double.TryParse(
            Regex.Match(text, $$"""^{{name}}\{id="{{id}}"\} (\S+)$""", RegexOptions.Multiline).Groups[1].Value,
            CultureInfo.InvariantCulture, out double value) ? value : 0;

        await Eventually.HoldsAsync("a heartbeat has failed", async () =>
        {
            text = (await leader.SendAsync("GET", "/metrics")).Text;
            return Of("raft_peer_failures_total", lost) > 0;
        });

        Assert.That(others.Select(o => Of("raft_peer_bytes_total", o.Raft.Id.ToString())), Is.All.GreaterThan(5000));
        Assert.That(others.Select(o => Of("raft_peer_entries_total", o.Raft.Id.ToString())), Is.All.GreaterThanOrEqualTo(2));
        Assert.That(others.Select(o => Of("raft_peer_append_ms_count", o.Raft.Id.ToString())), Is.All.GreaterThan(0));
        Assert.That(others.Select(o => Of("raft_peer_append_ms_sum", o.Raft.Id.ToString())), Is.All.GreaterThan(0));
        Assert.That(others.Select(o => Of("raft_peer_heartbeat_ms_count", o.Raft.Id.ToString())), Is.All.GreaterThan(0));
        Assert.That(Of("raft_peer_failures_total", others[1].Raft.Id.ToString()), Is.LessThan(Of("raft_peer_failures_total", lost)));
    }

    [Test]
    public async Task Without_a_majority_a_read_did_not_happen_and_a_write_may_have()
    {
        SampleServer leader = Leader!;
        SampleServer follower = Follower;
        foreach (SampleServer server in _servers.Where(s => s != leader && s != follower))
        {
            await server.Raft.ShutdownAsync();
        }

        await follower.Raft.ShutdownAsync();

        Task<Reply> write = leader.SendAsync("PUT", "/kv/k", "v");
        Reply read = await leader.SendAsync("GET", "/kv/k");
        Reply direct = await leader.SendAsync("PUT", "/kv/k?forward=false", "v");

        Assert.That((read.Status, read.Error), Is.EqualTo((503, "no_leader")));
        Assert.That((await write).Status, Is.EqualTo(504).Or.EqualTo(503), (await write).Text);
        Assert.That((direct.Status, direct.Error), Is.EqualTo((503, "no_leader")));
    }
}
