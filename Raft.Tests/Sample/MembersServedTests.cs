using System.Text;
using System.Text.Json;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary>Three nodes and a fourth: members, transfers, snapshots, backup and restore over HTTP, asked of followers too.</summary>
public sealed class MembersServedTests
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

    [Test]
    [Reference("b08")]
    public async Task A_server_is_added_promoted_demoted_and_removed_by_any_node()
    {
        _servers.Add(await SampleServer.StartAsync(_network, "n4", ClusterConfiguration.Empty));

        Reply added = await AddAsync("n4:1", "Nonvoter");
        Assert.That(added.Status, Is.EqualTo(200), added.Text);
        Assert.That(added.Header("Raft-Forwarded-To"), Is.EqualTo(Leader!.Raft.Id.ToString()));
        Assert.That(added.Json.GetProperty("index").GetUInt64(), Is.GreaterThan(1));
        Assert.That(await SuffrageAsync("n4"), Is.EqualTo("Nonvoter"));

        Assert.That((await AddAsync("n4:1", "Voter")).Status, Is.EqualTo(200));
        Assert.That((await AddAsync("n4:1", "Nonvoter")).Status, Is.EqualTo(200));
        Assert.That(await SuffrageAsync("n4"), Is.EqualTo("Voter"), "suffrage goes upwards only");

        Assert.That((await Follower.SendAsync("POST", "/raft/servers/n4/demote")).Status, Is.EqualTo(200));
        Assert.That(await SuffrageAsync("n4"), Is.EqualTo("Nonvoter"));
        Assert.That((await _servers[3].SendAsync("GET", "/readyz")).Status, Is.EqualTo(503));

        Assert.That((await Follower.SendAsync("DELETE", "/raft/servers/n4")).Status, Is.EqualTo(200));
        Assert.That(await SuffrageAsync("n4"), Is.Null);
        Reply again = await Follower.SendAsync("DELETE", "/raft/servers/n4");
        Assert.That(again.Status, Is.EqualTo(200), "an entry that changes nothing");
        Assert.That((await Follower.SendAsync("POST", "/raft/servers/n4/demote")).Error, Is.EqualTo("not_found"));
        Assert.That((await _servers[3].SendAsync("GET", "/kv/k?read=stale")).Status, Is.EqualTo(404), "it goes on");
    }

    [Test]
    public async Task A_server_that_answers_or_leads_is_not_removed_by_whoever_takes_it_for_dead()
    {
        SampleServer follower = Follower;
        string id = follower.Raft.Id.ToString();
        foreach (string running in (string[])[id, Leader!.Raft.Id.ToString()])
        {
            Reply refused = await Follower.SendAsync("DELETE", $"/raft/servers/{running}?silentMs=2000");
            Assert.That((refused.Status, refused.Error), Is.EqualTo((409, "conflict")), refused.Text);
            Assert.That(refused.Text, Does.Contain("so that it may run, here or elsewhere: stop it first"));
            Assert.That(await SuffrageAsync(running), Is.EqualTo("Voter"));
        }

        Reply twin = await Follower.SendAsync("POST", $"/raft/servers/{id}/join", """{"address":"twin:1"}""");
        Assert.That((twin.Status, twin.Error), Is.EqualTo((409, "conflict")), twin.Text);
        Assert.That(twin.Text, Does.Contain($"{id} answers at {id}:1, so it runs there"));
        Assert.That((await Follower.SendAsync("DELETE", $"/raft/servers/{id}?silentMs=some")).Status, Is.EqualTo(400));
        Assert.That((await Follower.SendAsync("DELETE", "/raft/servers/n9?silentMs=2000")).Status, Is.EqualTo(200), "an entry that changes nothing");

        await follower.DisposeAsync();
        _servers.Remove(follower);
        await Eventually.HoldsAsync(
            "it is removed once it has been silent for long enough",
            async () => Leader is { } leader && (await leader.SendAsync("DELETE", $"/raft/servers/{id}?silentMs=500")).Status == 200);
    }

    [Test]
    public async Task A_change_that_no_cluster_can_run_on_is_a_conflict()
    {
        Reply reply = await Follower.SendAsync(
            "POST", "/raft/servers", """{"id":"n4","address":"n1:1","suffrage":"Nonvoter"}""");

        Assert.That((reply.Status, reply.Error), Is.EqualTo((409, "conflict")), reply.Text);
    }

    [TestCase(true)]
    [TestCase(false)]
    [Reference("g10")]
    public async Task Who_is_asked_for_a_transfer_knows_the_new_leader_when_it_answers(bool isNamed)
    {
        string before = Leader!.Raft.Id.ToString();
        SampleServer asked = Follower;
        string? to = isNamed ? asked.Raft.Id.ToString() : null;

        Reply reply = await asked.SendAsync("POST", "/raft/transfer", isNamed ? $$"""{"id":"{{to}}"}""" : null);

        string leader = asked.Raft.Leader.Id.ToString();
        Assert.That(reply.Status, Is.EqualTo(200), reply.Text);
        Assert.That(reply.Header("Raft-Forwarded-To"), Is.EqualTo(before));
        Assert.That(leader, isNamed ? Is.EqualTo(to) : Is.Not.EqualTo(before));
        Assert.That(reply.Json.GetProperty("leader").GetProperty("id").GetString(), Is.EqualTo(leader));
    }

    [Test]
    public async Task A_transfer_that_was_asked_of_the_leader_is_answered_once_it_knows_its_successor()
    {
        SampleServer before = Leader!;

        Reply reply = await before.SendAsync("POST", "/raft/transfer");

        Assert.That(reply.Status, Is.EqualTo(200), reply.Text);
        Assert.That(before.Raft.Leader.Id.ToString(), Is.Not.Empty.And.Not.EqualTo(before.Raft.Id.ToString()));
    }

    [Test]
    public async Task A_snapshot_is_taken_by_the_node_that_is_asked_and_not_twice_of_the_same()
    {
        await Follower.SendAsync("PUT", "/kv/k", "v");
        SampleServer asked = Follower;
        await Eventually.HoldsAsync("it is applied", () => asked.Raft.AppliedIndex == Leader?.Raft.LastIndex);

        Reply taken = await asked.SendAsync("POST", "/raft/snapshot");
        Reply again = await asked.SendAsync("POST", "/raft/snapshot");
        Reply status = await asked.SendAsync("GET", "/raft/status");

        Assert.That(taken.Status, Is.EqualTo(200), taken.Text);
        Assert.That(taken.Header("Raft-Forwarded-To"), Is.Null);
        Assert.That((again.Status, again.Error), Is.EqualTo((409, "conflict")), again.Text);
        Assert.That(
            status.Json.GetProperty("lastSnapshotIndex").GetUInt64(),
            Is.EqualTo(taken.Json.GetProperty("index").GetUInt64()).And.GreaterThan(0));
    }

    [Test]
    public async Task A_backup_is_restored_on_all_nodes_through_a_follower()
    {
        (string, string)[] session = [("Raft-Client", "c"), ("Raft-Request", "1")];
        Reply first = await Follower.SendAsync("PUT", "/kv/kept", "v", session);
        await Follower.SendAsync("PUT", "/kv/bytes", [0xff, 0]);
        Reply backup = await Leader!.SendAsync("GET", "/raft/backup");
        await Follower.SendAsync("PUT", "/kv/kept", "overwritten");
        await Follower.SendAsync("PUT", "/kv/later", "x");

        Reply restored = await Follower.SendAsync("POST", "/raft/restore", backup.Body);

        Assert.That(backup.Status, Is.EqualTo(200));
        Assert.That(backup.Text, Does.StartWith("""{"format":"raftkv","version":1,"count":2}""" + "\n"));
        Assert.That(backup.Header("Raft-Index"), Is.Not.Null);
        Assert.That(restored.Status, Is.EqualTo(200), restored.Text);
        Assert.That((await Follower.SendAsync("GET", "/kv/kept")).Text, Is.EqualTo("v"));
        Assert.That((await Follower.SendAsync("GET", "/kv/later")).Status, Is.EqualTo(404));
        Assert.That((await Leader!.SendAsync("PUT", "/kv/kept", "again", session)).Text, Is.EqualTo(first.Text));
        await Eventually.HoldsAsync("all hold the same", async () =>
            (await Task.WhenAll(_servers.Select(s => s.SendAsync("GET", "/raft/dump")))).DistinctBy(d => d.Text).Count() == 1);
    }

    [Test]
    public async Task A_file_that_is_damaged_at_its_end_changes_nothing()
    {
        await Follower.SendAsync("PUT", "/kv/kept", "v");
        byte[] damaged = Encoding.UTF8.GetBytes("""{"format":"raftkv","version":1,"count":1}""" + "\n{\"key\":\"k\",\"value");

        Reply refused = await Follower.SendAsync("POST", "/raft/restore", damaged);

        Assert.That((refused.Status, refused.Error), Is.EqualTo((400, "bad_request")));
        Assert.That((await Follower.SendAsync("GET", "/kv/kept")).Text, Is.EqualTo("v"));
    }

    [Test]
    public async Task A_request_that_was_sent_on_is_not_sent_on_again()
    {
        Reply reply = await Follower.SendAsync("DELETE", "/raft/servers/n9", (string?)null, ("Raft-Forwarded-By", "n9"));

        Assert.That((reply.Status, reply.Error), Is.EqualTo((421, "not_leader")));
    }

    private Task<Reply> AddAsync(string address, string suffrage) => Follower.SendAsync(
        "POST", "/raft/servers", $$"""{"id":"n4","address":"{{address}}","suffrage":"{{suffrage}}"}""");

    private async Task<string?> SuffrageAsync(string id)
    {
        Reply status = await Leader!.SendAsync("GET", "/raft/status");
        JsonElement server = status.Json.GetProperty("configuration").GetProperty("servers").EnumerateArray()
            .FirstOrDefault(s => s.GetProperty("id").GetString() == id);
        return server.ValueKind == JsonValueKind.Undefined ? null : server.GetProperty("suffrage").GetString();
    }
}
