using System.Diagnostics.Metrics;
using System.Reflection;
using Raft.Observability;
using Raft.Tests.Support;
using Raft.Timing;

namespace Raft.Tests.Observability;

/// <summary>The meter of a node: made with it, ended with it, and without a price while nobody listens.</summary>
public sealed class MeterLifeTests
{
    [Test]
    public void The_meter_is_disposed_when_the_node_stops_and_not_before()
    {
        using var measured = new Measurements();
        using VirtualCluster cluster = Running(1, measured);
        int before = measured.Ended.Count;

        cluster.Kill(cluster.Servers[0]);

        Assert.That(before, Is.Zero);
        Assert.That(measured.Ended, Is.EquivalentTo(measured.Instruments).And.Not.Empty);
    }

    [Test]
    public void The_meter_is_disposed_when_the_node_cannot_start()
    {
        using var measured = new Measurements();
        using var cluster = new VirtualCluster(1, server => server.Config = server.Config with { MeterFactory = measured });
        cluster.Run(cluster.Servers[0].Stores.SaveAsync(new TermAndVote(1)).AsTask());
        cluster.Seed(cluster.Servers[0], term: 2);
        cluster.Run(cluster.Servers[0].Stores.SaveAsync(new TermAndVote(0)).AsTask());

        Assert.That(() => cluster.Start(cluster.Servers[0]), Throws.InstanceOf<StoreException>());

        Assert.That(measured.Ended, Is.EquivalentTo(measured.Instruments).And.Not.Empty);
    }

    [Test]
    public void Without_a_factory_the_meter_is_found_by_its_name_and_the_tag_of_its_server()
    {
        var found = new List<Instrument>();
        var ended = new List<Instrument>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter is { Name: "Raft", Tags: { } tags } && tags.Contains(new("raft.server", "lone server")))
                {
                    found.Add(instrument);
                    self.EnableMeasurementEvents(instrument);
                }
            },
            MeasurementsCompleted = (instrument, _) => ended.Add(instrument),
        };
        listener.Start();
        using (RaftMeter.Create(factory: null, "lone server", "addr1", new NodeClock(new VirtualClock())))
        {
            Assert.That(found.Select(i => i.Name), Does.Contain("raft.apply").And.Contain("raft.rpc.appendEntries"));
            Assert.That(ended, Is.Empty);
        }

        Assert.That(ended, Is.EquivalentTo(found));
    }

    [Test]
    public void Nothing_is_recorded_and_no_clock_is_read_for_an_instrument_that_nobody_listens_to()
    {
        (int Unmetered, int Unheard, int Heard, int Values) reads = (
            Reads(isMetered: false, static _ => true, out _), Reads(isMetered: true, static _ => false, out int silent),
            Reads(isMetered: true, static _ => true, out int values), values);

        Assert.That(silent, Is.Zero);
        Assert.That(reads.Unheard, Is.EqualTo(reads.Unmetered), "a meter without listeners is as good as none");
        Assert.That(reads.Heard, Is.GreaterThan(reads.Unheard), "the test could see it");
        Assert.That(reads.Values, Is.Positive);
    }

    [Test]
    public void No_listener_to_one_instrument_makes_another_one_measure()
    {
        using var measured = new Measurements { Wants = static i => i.Name == "raft.fsm.lastRestoreDuration" };
        Scenario.Run(measured);

        Assert.That(measured.Taken.Select(m => m.Name).Distinct(), Is.EqualTo(["raft.fsm.lastRestoreDuration"]));
    }

    [Test]
    public void What_is_on_the_way_of_a_command_allocates_nothing_while_nobody_listens()
    {
        using var measured = new Measurements { Wants = static _ => false };
        using var meter = RaftMeter.Create(measured, "n1", "addr1", new NodeClock(new VirtualClock()));
        PeerMeter peer = meter.Replication.Of("n2");
        TimeMeter[] times = [.. TimesOf(meter.Fsm), .. TimesOf(meter.Rpc), .. TimesOf(meter.Leading)];
        Measure(meter, peer, times);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            Measure(meter, peer, times);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(times, Has.Length.GreaterThan(15));
        Assert.That(times.Select(t => t.Begin()), Is.All.Null, "the clock is not looked at either");
    }

    private static IEnumerable<TimeMeter> TimesOf(object family) => family.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Select(p => p.GetValue(family)).OfType<TimeMeter>();

    private static void Measure(RaftMeter meter, PeerMeter peer, TimeMeter[] times)
    {
        foreach (TimeMeter time in times)
        {
            time.End(time.Begin());
        }

        meter.Apply?.Add(1);
        meter.MainThread.Waits();
        meter.MainThread.Works();
        meter.Leading.DispatchNumLogs?.Record(1);
        peer.Sent(3, 300);
        peer.Failed();
        peer.Answered(TimeSpan.Zero);
        peer.HeartbeatAnswered(TimeSpan.Zero);
    }

    private static VirtualCluster Running(int servers, Measurements measured) =>
        VirtualCluster.Running(servers, server => server.Config = server.Config with { MeterFactory = measured });

    /// <summary>How often the clock is read in a short life, the same each time.</summary>
    private static int Reads(bool isMetered, Func<Instrument, bool> wants, out int values)
    {
        using var measured = new Measurements { Wants = wants };
        using var cluster = new VirtualCluster(3, server => server.Config = server.Config with { MeterFactory = measured })
        {
            IsMetered = isMetered,
        };
        cluster.StartAll();
        cluster.Run(cluster.Servers[0].Node!.BootstrapClusterAsync(cluster.Founders));
        VirtualServer leader = cluster.AwaitLeader();
        for (int i = 0; i < 50; i++)
        {
            cluster.Run(cluster.Apply(leader, $"command {i}"));
        }

        cluster.Run(leader.Node!.SnapshotAsync());
        cluster.Pass(TimeSpan.FromSeconds(15));
        values = measured.Taken.Count;
        return cluster.Clock.Reads;
    }
}
