using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Raft.Observability;
using Raft.Tests.Architecture;
using Raft.Tests.Support;
using Raft.Timing;
using Raft.Transport.Tcp;

namespace Raft.Tests.Observability;

/// <summary>docs/metrics.md is the list of the instruments.</summary>
public sealed partial class MetricsPageTests
{
    private static readonly Dictionary<string, string> Tags = new(StringComparer.Ordinal)
    {
        ["raft.replication."] = "`peer_id`",
        ["raft.net.rpc"] = "`rpcType`",
    };

    private static IEnumerable<string> Rows() => File
        .ReadLines(Path.Combine(TidyTests.RepositoryRoot(), "docs/metrics.md")).Where(l => l.StartsWith("| `raft.", StringComparison.Ordinal));

    [Test]
    public void The_page_has_one_row_for_each_instrument_with_its_kind_unit_and_tags()
    {
        using var measurements = new Measurements();
        var clock = new NodeClock(new VirtualClock());
        using var node = RaftMeter.Create(measurements, "n1", "addr1", clock);
        using var transport = TransportMeter.Create(new TcpTransportOptions { MeterFactory = measurements }, "addr1");

        IEnumerable<string> expected = measurements.Instruments.Select(i =>
            $"{i.Name}, {KindOf(i)}, {i.Unit}, {Tags.FirstOrDefault(t => i.Name.StartsWith(t.Key, StringComparison.Ordinal)).Value}");
        IEnumerable<string> found = Rows().Select(r => Row().Match(r)).Select(m =>
            $"{m.Groups["name"]}, {m.Groups["kind"]}, {m.Groups["unit"]}, {m.Groups["tags"]}");

        Assert.That(found, Is.EquivalentTo(expected));
    }

    [Test]
    public void Every_row_says_what_its_instrument_means() =>
        Assert.That(Rows().Select(r => Row().Match(r).Groups["meaning"].Value.Trim().Length), Is.All.GreaterThan(10));

    [Test]
    public void Every_instrument_describes_itself()
    {
        using var measurements = new Measurements();
        using var node = RaftMeter.Create(measurements, "n1", "addr1", new NodeClock(new VirtualClock()));

        Assert.That(measurements.Instruments.Select(i => i.Description), Is.All.Not.Empty.And.All.EndsWith("."));
        Assert.That(measurements.Instruments.Select(i => i.Name), Is.Unique);
    }

    private static string KindOf(Instrument instrument) => instrument.GetType().Name.Split('`')[0].ToLowerInvariant();

    [GeneratedRegex(@"^\| `(?<name>[^`]+)` \| (?<kind>\w+) \| `(?<unit>[^`]+)` \| (?<tags>\S*?) ?\| (?<meaning>.+) \|$")]
    private static partial Regex Row();
}
