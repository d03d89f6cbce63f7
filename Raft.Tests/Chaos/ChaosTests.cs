using Raft.Tests.Support;
using Raftchaos;
using Raftchaos.Faults;

namespace Raft.Tests.Chaos;

/// <summary>
/// A share of what <c>raftchaos</c> does at length: processes that are killed, paused, cut off, and whose disks fill up, fail and hang,
/// while what clients see stays linearizable and nothing acknowledged is lost. How long things take is not judged beside other tests.
/// </summary>
[TestFixture]
[Platform("Linux")]
public sealed class ChaosTests
{
    private const int Nodes = 3;

    [Test]
    public Task Processes_that_are_killed() => RunAsync(new KillFaults(count: 5, ofLeaders: 2, ofAll: 1));

    [Test]
    public Task Processes_that_stand_still() => RunAsync(new PauseFaults(count: 5, secondsMax: 3));

    [Test]
    public Task Links_that_fail() => RunAsync(new NetworkFaults(count: 12, secondsMax: 2), hasProxies: true);

    [Test]
    public Task Syncs_that_fail_or_hang() => RunAsync(new SyncFaults(failures: 2, stalls: 1, stallSecondsMax: 3));

    [Test]
    public Task Disks_that_fill_up() => RunAsync(
        new DiskFullFaults(cycles: 2), options: ["--snapshot-threshold=4000", "--trailing-logs=1000", "--snapshot-interval-ms=1000"]);

    private static async Task RunAsync(IFaults faults, bool hasProxies = false, params string[] options)
    {
        using var directory = new TemporaryDirectory();
        ChaosResult result = await ChaosRun.RunAsync(
            new ChaosOptions
            {
                Directory = directory.Path,
                Nodes = Nodes,
                PortBase = TestPorts.Take(Nodes * 3)[0],
                Rate = 300,
                Clients = 16,
                HasProxies = hasProxies,
                JudgesTimes = false,
                NodeOptions = options,
                Log = TestContext.Out,
            },
            faults);
        await TestContext.Out.WriteLineAsync(result.ClosingLine);
        if (result.Wrong is [string only] && only.Contains("run it as root", StringComparison.Ordinal))
        {
            Assert.Ignore(only);
        }

        Assert.That(result.Wrong, Is.Empty, Logs(directory.Path));
    }

    private static string Logs(string directory) => string.Concat(
        Directory.GetFiles(directory, "*.log").Order().Select(f => $"\n{Path.GetFileName(f)}:\n{string.Join('\n', File.ReadLines(f).TakeLast(20))}"));
}
