using Raft.Observability;
using Raft.Roles;
using Raft.Tests.Support;
using Raft.Timing;

namespace Raft.Tests.Observability;

/// <summary>Times are as long as what they measure.</summary>
public sealed class MeasuredTimesTests
{
    private const double DiskMs = 40;

    [Test]
    public void What_waits_for_the_disk_takes_as_long_as_the_disk()
    {
        using var measured = new Measurements();
        using VirtualCluster cluster = VirtualCluster.Running(3, server =>
        {
            server.Config = server.Config with { MeterFactory = measured };
            server.Stores.WriteTime = TimeSpan.FromMilliseconds(DiskMs);
        });
        cluster.Run(cluster.Apply(cluster.AwaitLeader(), "a command"));
        cluster.AwaitSame();

        foreach (string name in (string[])["raft.leader.dispatchLog", "raft.rpc.appendEntries.storeLogs", "raft.commitTime"])
        {
            Assert.That(measured.ValuesOf(name), Is.Not.Empty.And.All.InRange(DiskMs - 5, 4 * DiskMs), name);
        }

        Assert.That(measured.ValuesOf("raft.rpc.appendEntries"), Has.Some.GreaterThan(DiskMs - 5));
        Assert.That(measured.ValuesOf("raft.rpc.requestVote"), Is.All.GreaterThan(DiskMs - 5), "a vote is durable first");
        Assert.That(measured.ValuesOf("raft.rpc.requestPreVote"), Is.All.LessThan(DiskMs / 2), "a pre-vote writes nothing");
        Assert.That(measured.ValuesOf("raft.candidate.electSelf"), Is.All.GreaterThan(DiskMs - 5));
        Assert.That(measured.ValuesOf("raft.replication.heartbeat"), Is.All.LessThan(DiskMs / 2));
    }

    [Test]
    public void Entries_wait_for_the_state_machine_as_long_as_it_has_no_room()
    {
        using var measured = new Measurements();
        using VirtualCluster cluster = VirtualCluster.Running(1, server => server.Config = server.Config with
        {
            MeterFactory = measured,
            Limits = server.Config.Limits with { FsmReadAheadBytesMax = 1 },
        });
        VirtualServer server = cluster.Servers[0];
        cluster.Pass(TimeSpan.FromSeconds(5));
        cluster.BlockFsm = true;
        Task<ApplyResult>[] commands = [.. Enumerable.Range(0, 3).Select(i => cluster.Apply(server, $"command {i}"))];
        cluster.Pass(TimeSpan.FromSeconds(2));
        cluster.BlockFsm = false;
        Task.WhenAll(commands).ContinueWith(static _ => { }, TaskScheduler.Default);
        foreach (Task<ApplyResult> command in commands)
        {
            cluster.Run(command);
        }

        Assert.That(measured.ValuesOf("raft.fsm.enqueue"), Has.Some.InRange(1_900, 2_100));
        Assert.That(measured.ValuesOf("raft.fsm.enqueue"), Is.All.LessThan(2_100), "idle time is nobody's wait");
    }

    [Test]
    public void Each_entry_of_a_leadership_has_its_own_commit_time_and_older_ones_have_none()
    {
        var clock = new VirtualClock();
        using var measured = new Measurements();
        using var meter = RaftMeter.Create(measured, "n1", "addr1", new NodeClock(clock));
        var times = new DispatchTimes(meter.Leading, lastIndex: 10);

        times.Committed(7);
        times.Dispatched(11, 13);
        clock.AdvanceToNextTimer(clock.Now + TimeSpan.FromMilliseconds(5));
        times.Dispatched(14, 14);
        times.Durable(12);
        times.Committed(12);
        clock.AdvanceToNextTimer(clock.Now + TimeSpan.FromMilliseconds(5));
        times.Durable(14);
        times.Committed(14);
        times.Committed(14);

        Assert.That(measured.ValuesOf("raft.commitTime"), Is.EqualTo(new double[] { 5, 5, 10, 5 }));
        Assert.That(measured.ValuesOf("raft.commitNumLogs"), Is.EqualTo(new double[] { 2, 2 }));
        Assert.That(measured.ValuesOf("raft.leader.dispatchLog"), Is.EqualTo(new double[] { 10, 5 }));
        Assert.That(measured.ValuesOf("raft.leader.dispatchNumLogs"), Is.EqualTo(new double[] { 3, 1 }));
    }

    [Test]
    public void A_voter_that_does_not_answer_is_seen_to_grow_old_and_a_nonvoter_is_not_asked_for()
    {
        using var measured = new Measurements();
        using VirtualCluster cluster = VirtualCluster.Running(
            3, server => server.Config = server.Config with { MeterFactory = measured });
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer silent = cluster.Servers.First(s => s != leader);
        cluster.Kill(silent);
        cluster.Pass(TimeSpan.FromSeconds(5));

        IReadOnlyList<double> contacts = measured.ValuesOf("raft.leader.lastContact");
        cluster.Run(leader.Node!.DemoteVoterAsync(silent.Id));
        int demotedAt = measured.ValuesOf("raft.leader.lastContact").Count;
        cluster.Pass(TimeSpan.FromSeconds(2));
        IEnumerable<double> later = measured.ValuesOf("raft.leader.lastContact").Skip(demotedAt);

        Assert.That(contacts, Has.Count.InRange(18, 24), "two voters, twice a second");
        Assert.That(contacts.TakeLast(2), Has.One.GreaterThan(4_000).And.One.LessThan(500));
        Assert.That(later, Is.Not.Empty.And.All.LessThan(500));
    }
}
