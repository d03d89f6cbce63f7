using Raft.Simulation;
using Raft.Simulation.Invariants;
using Raft.Simulation.Running;
using Raft.Simulation.Workloads;
using Raft.Tests.Support;

namespace Raft.Tests.Simulation;

/// <summary>A fixed share of <c>raftsim --workload sessions</c> (docs/testing.md).</summary>
public sealed class SessionWorkloadTests
{
    [Test]
    [Reference("c35")]
    public async Task Increments_by_sessions_are_applied_exactly_once_under_all_faults_and_retries()
    {
        var runner = new SeedRunner<SessionFsm>(
            SessionWorkload.NewFsm, new SessionWorkload(), new SimulationOptions { Threads = 2, FailuresMax = 3 });

        SimulationReport report = await runner.RunAsync(SeedRange.Of(1, 60));

        Assert.That(report.Failures, Is.Empty, () => runner.Describe(report.Failures[0]));
        Assert.That(report.Acknowledged / report.Seeds, Is.GreaterThanOrEqualTo(300), "acknowledged operations a seed");
    }

    [Test]
    public async Task A_snapshot_without_the_sessions_is_found_by_what_is_counted_twice()
    {
        var runner = new SeedRunner<SessionFsm>(
            SessionWorkload.NewFsm, new SessionWorkload(PlantedBug.Find("SessionsNotInSnapshot")), new SimulationOptions { Threads = 2 });

        SimulationReport report = await runner.RunAsync(SeedRange.Of(1, 60));

        Assert.That(report.Failures, Is.Not.Empty);
        Assert.That(report.Failures.Select(f => f.BrokenRule).Distinct(), Is.SubsetOf(new[] { Rule.Workload, Rule.EqualStates }));
    }
}
