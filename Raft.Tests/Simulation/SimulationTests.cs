using Raft.Simulation;
using Raft.Simulation.Running;
using Raft.Simulation.Scenarios;
using Raft.Simulation.Workloads;
using Raft.Tests.Support;

namespace Raft.Tests.Simulation;

/// <summary>A fixed share of what <c>tools/raftsim</c> runs at length: docs/testing.md has the commands for the rest.</summary>
public sealed class SimulationTests
{
    private static readonly SimulationOptions Options = new() { Threads = 2, FailuresMax = 3 };

    private static IEnumerable<TestCaseData> RegressionSeeds() =>
        Seeds.Regressions.Select(r => new TestCaseData(r.Seed).SetDescription(r.Wrong));

    [Test]
    [Reference("c32", "c33", "L2", "L7", "L9", "a20", "a26", "a39", "a41", "j01", "j02", "j03", "j04")]
    public async Task Clusters_keep_all_rules_under_all_faults_and_recover()
    {
        SeedRunner<RegisterFsm> runner = NewRunner(Options);

        SimulationReport report = await runner.RunAsync(Seeds.EveryChange);

        AssertPassed(runner, report);
        Assert.That(report.Seeds, Is.EqualTo(400));
        Assert.That(report.Acknowledged / report.Seeds, Is.GreaterThanOrEqualTo(300), "acknowledged operations a seed");
        Assert.That(report.Elections / report.Seeds, Is.GreaterThanOrEqualTo(5), "elections a seed");
        Assert.That(TooRare(runner), Is.Empty, "happenings in less than 5% of the seeds of their profiles");
    }

    [TestCaseSource(nameof(RegressionSeeds))]
    public async Task A_seed_that_once_failed_passes(ulong seed)
    {
        SeedRunner<RegisterFsm> runner = NewRunner(Options);

        SimulationReport report = await runner.RunAsync(SeedRange.One(seed));

        AssertPassed(runner, report);
    }

    [TestCase("W1")]
    [TestCase("W8")]
    [TestCase("W9")]
    [TestCase("W10")]
    [TestCase("W2", "ConflictReset")]
    [TestCase("W14", "SnapshotOvertaken")]
    [TestCase("W18", "RemovalLearned")]
    [TestCase("W19", "LeaderAgain")]
    [TestCase("W27", "TransferFailed")]
    [TestCase("W28", "TimeoutNowRefused")]
    [TestCase("T696", "TransferDeposed")]
    [TestCase("Recover", "Recovered")]
    [TestCase("Lease", "Reload")]
    [Reference("B13", "H14")]
    public async Task A_known_failure_of_hashicorp_raft_does_not_come_about(string scenario, string? situation = null)
    {
        SeedRunner<RegisterFsm> runner = NewRunner(Options with { Scenario = Scenario.Find(scenario) });

        SimulationReport report = await runner.RunAsync(SeedRange.Of(1, 40));

        AssertPassed(runner, report);
        long met = situation is null ? 40 : runner.Seen.Values.Sum(p => p[Enum.Parse<Happening>(situation)]);
        Assert.That(met, Is.GreaterThanOrEqualTo(8), "seeds that met the situation");
    }

    private static SeedRunner<RegisterFsm> NewRunner(SimulationOptions options) =>
        new(() => new RegisterFsm(), new RegisterWorkload(), options);

    private static void AssertPassed(SeedRunner<RegisterFsm> runner, SimulationReport report) =>
        Assert.That(report.Failures, Is.Empty, () => runner.Describe(report.Failures[0]));

    private static IEnumerable<string> TooRare(SeedRunner<RegisterFsm> runner)
    {
        foreach (Happening what in Enum.GetValues<Happening>().Where(what => !what.IsRare()))
        {
            ProfileCoverage[] profiles = [.. runner.Seen.Where(p => what.IsPartOf(p.Key)).Select(p => p.Value)];
            if (profiles.Sum(p => p[what]) < 0.05 * profiles.Sum(p => p.Seeds))
            {
                yield return what.ToString();
            }
        }
    }
}
