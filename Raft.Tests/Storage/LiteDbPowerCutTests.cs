namespace Raft.Tests.Storage;

/// <summary>
/// The power goes at a random operation on the files of a database on LiteDB, and of each file it takes some of the sectors
/// that were not synced: while the database is made, at work, in a checkpoint, and again while it recovers.
/// </summary>
[TestFixture]
public sealed class LiteDbPowerCutTests
{
    private const int TrialCount = 1000;

    [TestCase(512)]
    [TestCase(4096)]
    public async Task A_power_cut_loses_no_acknowledged_transaction_and_leaves_no_page_that_is_wrong(int sectorBytes)
    {
        var seen = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (int seed = 1; seed <= TrialCount; seed++)
        {
            foreach (string place in await new LiteDbPowerCutTrial(seed, sectorBytes).RunAsync())
            {
                seen[place] = seen.GetValueOrDefault(place) + 1;
            }
        }

        // Were a kind of place never hit, the test would say nothing about it.
        TestContext.Out.WriteLine(string.Join(", ", seen.Select(place => $"{place.Key} {place.Value}")));
        foreach (string place in LiteDbPowerCutTrial.Places)
        {
            Assert.That(seen.GetValueOrDefault(place), Is.GreaterThan(10), place);
        }
    }
}
