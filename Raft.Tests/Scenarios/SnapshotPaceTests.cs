using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>How fast a snapshot is sent.</summary>
public sealed class SnapshotPaceTests
{
    private const int MiB = 1 << 20;
    private const int CommandBytes = 100_000;

    [TestCase(false)]
    [TestCase(true)]
    public void A_snapshot_is_sent_at_the_pace_that_is_set_and_commands_go_on_meanwhile(bool isPaced)
    {
        using VirtualCluster cluster = VirtualCluster.Running(3, server => server.Config = server.Config with
        {
            SnapshotThreshold = ulong.MaxValue,
            TrailingLogs = 0,
            Limits = new RaftLimits { SnapshotSendBytesPerSecond = isPaced ? MiB : long.MaxValue },
        });
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer away = cluster.Servers.First(s => s != leader);
        cluster.Kill(away);
        for (int i = 0; i < 30; i++)
        {
            cluster.Run(cluster.Apply(leader, new string('x', CommandBytes)));
        }

        long bytes = cluster.Run(leader.Node!.SnapshotAsync()).Size;
        cluster.Await("the log was compacted", () => leader.Node!.Core.State.Log.FirstIndex > 30);

        TimeSpan began = cluster.Clock.Now;
        cluster.Start(away);
        int commands = 0;
        while (away.Node!.AppliedIndex < 30)
        {
            cluster.Run(cluster.Apply(leader, "meanwhile"));
            commands++;
        }

        TimeSpan took = cluster.Clock.Now - began;
        TimeSpan due = TimeSpan.FromSeconds((double)bytes / MiB);
        Assert.That(bytes, Is.GreaterThan(30 * CommandBytes));
        Assert.That(took, isPaced ? Is.InRange(due * 0.95, due * 1.2) : Is.LessThan(due / 2));
        Assert.That(took / commands, Is.LessThan(TimeSpan.FromMilliseconds(10)));
        cluster.AwaitSame();
    }
}
