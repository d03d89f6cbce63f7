using Raft.Observability;
using Raft.Tests.Support;
using Raft.Timing;

namespace Raft.Tests.Observability;

/// <summary>Every instrument of a node measures what it is called after.</summary>
public sealed class MetricsTests
{
    private static readonly string[] OfPeers =
    [
        "raft.replication.appendEntries.rpc", "raft.replication.appendEntries.logs", "raft.replication.appendEntries.bytes",
        "raft.replication.failures", "raft.replication.heartbeat",
        "raft.replication.installSnapshot",
    ];

    private readonly Measurements _measured = new();

    private static IEnumerable<string> Names()
    {
        using var measurements = new Measurements();
        using var meter = RaftMeter.Create(measurements, "n1", "addr1", new NodeClock(new VirtualClock()));
        return [.. measurements.Instruments.Select(i => i.Name)];
    }

    [OneTimeSetUp]
    public void RunScenario() => Scenario.Run(_measured);

    [OneTimeTearDown]
    public void End() => _measured.Dispose();

    [TestCaseSource(nameof(Names))]
    public void The_instrument_gets_a_value_in_a_life_in_which_everything_happens(string name)
    {
        IReadOnlyList<Measurements.Measurement> values = _measured.Of(name);

        Assert.That(values, Is.Not.Empty);
        Assert.That(values.Select(m => m.Value), Is.All.GreaterThanOrEqualTo(0));
    }

    [TestCaseSource(nameof(Names))]
    public void A_value_bears_the_follower_as_a_tag_where_it_concerns_one_and_nothing_else(string name)
    {
        string[] expected = OfPeers.Contains(name) ? ["peer_id"] : [];

        Assert.That(_measured.Of(name).Select(m => m.Tags.Keys), Is.All.EquivalentTo(expected));
        Assert.That(
            _measured.Of(name).SelectMany(m => m.Tags.Values), Is.All.Matches<string?>(v => v is "n1" or "n2" or "n3"));
    }

    [Test]
    public void No_server_measures_itself_as_its_own_follower() => Assert.That(
        _measured.Taken.Where(m => m.Tags.TryGetValue("peer_id", out string? peer) && peer == m.MeterTags["raft.server"]), Is.Empty);

    [Test]
    public void All_servers_of_a_process_are_told_apart_by_the_tags_of_their_meters()
    {
        IEnumerable<string> servers = _measured.Taken.Select(m => $"{m.MeterTags["raft.server"]} {m.MeterTags["raft.address"]}");

        Assert.That(servers.Distinct(), Is.EquivalentTo(["n1 addr1", "n2 addr2", "n3 addr3"]));
        Assert.That(_measured.Meters.Select(m => m.Name), Is.All.EqualTo("Raft"));
        Assert.That(_measured.Meters, Has.Count.EqualTo(4), "one for each start of a node");
    }

    [Test]
    [Reference("J3")]
    public void The_age_of_the_oldest_entry_is_0_until_it_is_known_and_then_grows_with_time()
    {
        // The first entry of the log is that of the bootstrap, without a stamp. The snapshots let go of it.
        IReadOnlyList<double> ages = _measured.ValuesOf("raft.leader.oldestLogAge");

        Assert.That(ages[0], Is.Zero);
        Assert.That(ages, Has.Some.InRange(5_000, 60_000));
    }

    [Test]
    public void The_loops_of_a_cluster_that_rests_are_hardly_busy() => Assert.That(
        _measured.ValuesOf("raft.thread.main.saturation").Concat(_measured.ValuesOf("raft.thread.fsm.saturation")), Is.All.InRange(0, 0.01));

    [Test]
    [Reference("c06", "c17")]
    public void Gauges_and_counts_tell_the_numbers_of_what_happened()
    {
        Assert.That(_measured.ValuesOf("raft.peers"), Has.Some.EqualTo(3));
        Assert.That(_measured.ValuesOf("raft.apply"), Has.Count.EqualTo(36).And.All.EqualTo(1));
        Assert.That(_measured.ValuesOf("raft.barrier"), Has.Count.EqualTo(3));
        Assert.That(_measured.ValuesOf("raft.verify_leader"), Has.Count.EqualTo(3));
        Assert.That(_measured.ValuesOf("raft.restore"), Has.Count.EqualTo(1));
        Assert.That(_measured.ValuesOf("raft.transition.leader_lease_timeout"), Has.Count.EqualTo(1));
        Assert.That(_measured.ValuesOf("raft.commitNumLogs"), Is.All.GreaterThan(0));
        Assert.That(_measured.Of("raft.fsm.apply"), Has.Count.EqualTo(24 * 3 + 12), "one of the servers batches in the end");
    }
}
