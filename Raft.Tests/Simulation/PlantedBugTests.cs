using Raft.Simulation;
using Raft.Simulation.Running;
using Raft.Simulation.Scenarios;
using Raft.Simulation.Workloads;

namespace Raft.Tests.Simulation;

/// <summary>
/// The simulator finds bugs that are planted on purpose: a simulator that finds none proves nothing. Those that are rare
/// are looked for at length by <c>raftsim --mutation all</c> (docs/testing.md).
/// </summary>
public sealed class PlantedBugTests
{
    private const ulong SeedsMax = 60;

    private const ulong LeaseSeedsMax = 120;

    /// <summary>Bugs of leases, which the scenario of that name dwells on.</summary>
    private static readonly string[] Leases =
        ["LeaseTooLong", "LeaseFromReceipt", "LeaseAfterTimeoutNow", "PromiseForgotten", "FailoverEndsPromise"];

    /// <summary>Bugs that need more seeds than a test run has time for; the last of them, clusters of particular profiles.</summary>
    private static readonly string[] Rare =
    [
        "StaleTermAccepted", "CommitBeyondProven", "DurableByIndex", "EntryBeforeTerm", "TruncationByOverwriting",
        "VoteByDurableLog", "EarlierLeadershipMatch", "NonvoterCounted", "ConflictingLogKept", "SnapshotIndexFalls",
        "RejoinForgetsLog", "ConfigurationNotRolledBack", "FailoverUnrefused", .. Leases,
    ];

    /// <summary>Those of sessions are found by a workload of their own, in <see cref="SessionWorkloadTests"/>.</summary>
    private static IEnumerable<string> FrequentBugs() =>
        PlantedBug.All.Where(b => !b.IsOfSessions).Select(b => b.Name).Except(Rare);

    [TestCaseSource(nameof(FrequentBugs))]
    public async Task A_planted_bug_is_found(string bug)
    {
        var options = new SimulationOptions { Threads = 2, Bug = PlantedBug.Find(bug)! };
        var runner = new SeedRunner<RegisterFsm>(() => new RegisterFsm(), new RegisterWorkload(), options);

        SimulationReport report = await runner.RunAsync(SeedRange.Of(1, SeedsMax));

        Assert.That(report.Failures, Is.Not.Empty);
        Assert.That(report.Failures.Select(f => f.FailureKind), Has.None.EqualTo(FailureKind.Escape));
    }

    [TestCaseSource(nameof(Leases))]
    public Task A_bug_of_leases_is_found_where_it_is_dwelt_on(string bug) => FindAsync(bug, "Lease", LeaseSeedsMax);

    [Test]
    public Task A_leader_given_up_without_being_gone_is_found_where_connections_flap() => FindAsync("FailoverUnrefused", "Flapping", seeds: 5);

    [Test]
    public void Every_bug_that_counts_as_rare_exists() =>
        Assert.That(Rare.Where(name => PlantedBug.Find(name) is null), Is.Empty);

    private static async Task FindAsync(string bug, string scenario, ulong seeds)
    {
        var options = new SimulationOptions { Threads = 2, Bug = PlantedBug.Find(bug)!, Scenario = Scenario.Find(scenario) };
        var runner = new SeedRunner<RegisterFsm>(() => new RegisterFsm(), new RegisterWorkload(), options);

        SimulationReport report = await runner.RunAsync(SeedRange.Of(1, seeds));

        Assert.That(report.Failures, Is.Not.Empty);
    }
}
