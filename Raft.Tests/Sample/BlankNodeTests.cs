using System.Text.Json;

namespace Raft.Tests.Sample;

/// <summary>A node that belongs to no cluster yet.</summary>
public sealed class BlankNodeTests
{
    [Test]
    public async Task It_waits_tells_its_status_and_is_not_ready()
    {
        await using SampleServer server = await SampleServer.StartAsync(
            new InMemoryNetwork(TimeProvider.System), "n1", ClusterConfiguration.Empty, applyTimeout: TimeSpan.FromMilliseconds(200));

        Reply status = await server.SendAsync("GET", "/raft/status");
        Reply write = await server.SendAsync("PUT", "/kv/k", "v");
        Reply ready = await server.SendAsync("GET", "/readyz");

        Assert.That(status.Json.GetProperty("state").GetString(), Is.EqualTo("Follower"));
        Assert.That(status.Json.GetProperty("leader").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(status.Json.GetProperty("configuration").GetProperty("servers").GetArrayLength(), Is.Zero);
        Assert.That((write.Status, write.Error, write.Header("Retry-After")), Is.EqualTo((503, "no_leader", "1")));
        Assert.That(ready.Status, Is.EqualTo(503));
        Assert.That((await server.SendAsync("GET", "/healthz")).Status, Is.EqualTo(200));
    }
}
