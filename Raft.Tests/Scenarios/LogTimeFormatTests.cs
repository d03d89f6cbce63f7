using Raft.MsgPack;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>The form in which a leader writes when it appended an entry.</summary>
public sealed class LogTimeFormatTests
{
    [TestCase(LogTimeFormat.GoBinary, 15)]
    [TestCase(LogTimeFormat.Timestamp, 4, 8, 12)]
    public void Entries_of_every_kind_that_a_leader_appends_have_the_form_that_it_was_told(LogTimeFormat format, params int[] stampBytes)
    {
        using VirtualCluster cluster = VirtualCluster.Running(
            servers: 3, prepare: server => server.Config = server.Config with { LogTimeFormat = format });
        VirtualServer leader = cluster.Leaders.Single();
        cluster.Run(cluster.Apply(leader, "a command"));
        cluster.Run(leader.Node!.DemoteVoterAsync(cluster.Servers.First(s => s != leader).Id));
        cluster.AwaitSame();

        LogEntry[] appended = [.. leader.Stores.Entries.Where(entry => !entry.AppendedAt.IsZero)];

        Assert.That(
            appended.Select(entry => entry.Type).Distinct(),
            Is.EquivalentTo(new[] { LogType.Noop, LogType.Command, LogType.Configuration }));
        Assert.That(appended.Select(StampBytes).Distinct().Except(stampBytes), Is.Empty);
        foreach (VirtualServer server in cluster.Servers)
        {
            Assert.That(
                server.Stores.Entries.Select(entry => entry.AppendedAt), Is.EqualTo(leader.Stores.Entries.Select(entry => entry.AppendedAt)));
        }
    }

    // The stamp is the first value of an entry: behind the map's head and the key, whose heads have a byte each.
    private static int StampBytes(LogEntry entry)
    {
        var reader = new MsgPackReader(entry.Encoded.Span);
        reader.MapHeader();
        reader.Raw(100, out _);
        return reader.Raw(100, out _).Length;
    }
}
