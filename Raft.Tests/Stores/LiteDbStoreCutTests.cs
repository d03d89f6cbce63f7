using System.Globalization;
using Raft.Tests.Support;

namespace Raft.Tests.Stores;

/// <summary>The power goes while LiteDB itself works on a disk that loses, tears and reorders what was not synced.</summary>
[TestFixture]
public sealed class LiteDbStoreCutTests
{
    private const string CutsVariable = "RAFT_LITEDB_CUTS";
    private const int CutsOfOneDisk = 10;

    [SetUp]
    public void RequireLiteDb() => LiteDbRequired.OrSkip();

    [Test]
    public async Task No_acknowledged_write_is_lost_and_no_byte_is_wrong([Values(512, 4096)] int sectorBytes)
    {
        int disks = Math.Max(1, Cuts() / 2 / CutsOfOneDisk);
        var coverage = new CutCoverage();
        for (int seed = 1; seed <= disks; seed++)
        {
            var trial = new LiteDbTrial((seed * 10_000) + sectorBytes, sectorBytes, coverage);
            for (int cut = 0; cut < CutsOfOneDisk; cut++)
            {
                await trial.WorkUntilThePowerGoesAsync();
            }

            await trial.WorkOnAsync();
        }

        TestContext.Out.WriteLine($"{disks * CutsOfOneDisk} cuts at sectors of {sectorBytes} bytes: {coverage}");
        Assert.That(coverage.Acknowledged, Is.GreaterThan(disks));
        Assert.That(coverage.CutWithinWrite, Is.GreaterThan(0));
        Assert.That(coverage.WrittenUnacknowledged, Is.GreaterThan(0));
        Assert.That(coverage.NotWritten, Is.GreaterThan(0));
        Assert.That(coverage.CutAgainAtOpen, Is.GreaterThan(0));
    }

    /// <summary>How many cuts there are: few in each test run, as many as the variable says in a run of its own.</summary>
    private static int Cuts() => Environment.GetEnvironmentVariable(CutsVariable) is { Length: > 0 } cuts
        ? int.Parse(cuts, CultureInfo.InvariantCulture) : 60;
}
