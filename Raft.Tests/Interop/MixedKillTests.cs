using System.Globalization;
using Raft.Tests.Support;

namespace Raft.Tests.Interop;

/// <summary>Leaders of both kinds killed under writes: what was acknowledged is there at the end, on every server.</summary>
[Category("Interop")]
public sealed class MixedKillTests
{
    private const string KillsVariable = "RAFT_INTEROP_KILLS";

    private static readonly TimeSpan BetweenKills = TimeSpan.FromMilliseconds(500);

    /// <summary>How many leaders are killed: few in each test run, as many as the variable says in a run of its own.</summary>
    private static int Kills => Environment.GetEnvironmentVariable(KillsVariable) is { Length: > 0 } number
        ? int.Parse(number, CultureInfo.InvariantCulture) : 4;

    [SetUp]
    public void RequireGo() => GoPeerRequired.OrSkip();

    [TestCase("go go net")]
    [TestCase("go net net")]
    [Reference("M5", "c23")]
    public async Task No_acknowledged_write_is_lost_when_leaders_are_killed_in_turn(string kinds)
    {
        await using var cluster = new MixedCluster { HeartbeatMs = 300 };
        Member[] voters = [.. kinds.Split(' ').Select(kind => kind == "go" ? (Member)cluster.AddGo() : cluster.Add())];
        await MixedCluster.FoundAsync(voters);
        await cluster.LeaderAsync();

        await using var writers = new AcknowledgedWriters(cluster);
        var killed = new Dictionary<bool, int> { [true] = 0, [false] = 0 };
        for (int kill = 0; kill < Kills; kill++)
        {
            await Task.Delay(BetweenKills);
            Member leader = await cluster.LeaderAsync();
            await leader.KillAsync();
            killed[leader.IsGo]++;
            await cluster.LeaderAsync();
            await leader.StartAsync();
            await EvenOutAsync(cluster, killed);
        }

        await writers.StopAsync();
        await cluster.ConvergeAsync(voters);

        Assert.That(writers.LostFrom(await cluster.Members.OfType<GoMember>().First().PairsAsync()), Is.Empty);
        Assert.That(writers.AcknowledgedCount, Is.GreaterThan(0));
        TestContext.Out.WriteLine(
            $"{writers.AcknowledgedCount} acknowledged writes, 0 lost; leaders killed: {killed[true]} of Go, {killed[false]} of this library");
    }

    /// <summary>Lets the other kind lead next, where one kind was killed more often.</summary>
    private static async Task EvenOutAsync(MixedCluster cluster, Dictionary<bool, int> killed)
    {
        Member leader = await cluster.LeaderAsync();
        if (killed[leader.IsGo] > killed[!leader.IsGo])
        {
            try
            {
                await leader.TransferAsync(cluster.Members.First(m => m.IsGo != leader.IsGo).Id);
            }
            catch (InvalidOperationException)
            {
                // It has lost the leadership meanwhile, or the successor has only just come back: then this one is killed again.
            }
        }
    }
}
