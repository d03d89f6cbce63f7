using Raft.Fsm.Sample.Kv;
using Raft.Storage;

namespace Raft.Tests.Sample;

/// <summary>A node that was started and has no majority: what it knows to be committed is for stale reads alone (W34).</summary>
public sealed class RestartedReadTests
{
    private static readonly ClusterConfiguration Founders = new(
        new Server("n1", "n1:1"), new Server("n2", "n2:1"), new Server("n3", "n3:1"));

    [TestCase("stale", 200, "known")]
    [TestCase("linearizable", 503, null)]
    [TestCase("lease", 503, null)]
    public async Task W34_Without_a_leader_only_a_stale_read_is_answered_and_only_with_what_is_committed(
        string level, int status, string? value)
    {
        var log = new InMemoryLogStore();
        LogSlice[] entries =
        [
            Entry(1, LogType.Configuration, ConfigurationEncoding.Encode(Founders)), Entry(2, LogType.Command, Set("known")),
            Entry(3, LogType.Command, Set("perhaps")),
        ];
        await log.AppendAsync(new LogAppend(entries, CurrentTerm: 1, CommitIndex: 2));
        var network = new InMemoryNetwork(TimeProvider.System);
        await using SampleServer server = await SampleServer.StartAsync(
            network, "n1", Founders, applyTimeout: TimeSpan.FromMilliseconds(300), log);
        await Eventually.HoldsAsync("it has what is committed", () => server.Raft.AppliedIndex == 2);

        Reply reply = await server.SendAsync("GET", $"/kv/k?read={level}");

        Assert.That((reply.Status, status == 200 ? reply.Text : null), Is.EqualTo((status, value)));
        Assert.That(reply.Header("Raft-Index"), Is.EqualTo(status == 200 ? "2" : null));
    }

    private static byte[] Set(string value) =>
        KvCommandEncoding.Encode(new KvCommand(KvOperation.Set, "k") { Value = System.Text.Encoding.UTF8.GetBytes(value) }).ToArray();

    private static LogSlice Entry(ulong index, LogType type, byte[] data) =>
        new(LogBatchBuilder.Single(index, 1, type, data, LogTimestamp.Zero));
}
