using Raft.Simulation.Running;

namespace Raft.Simulation;

/// <summary>
/// Runs a state machine on real nodes and a real write-ahead log in a simulated world: many seeds, each a history of
/// crashes, power cuts, partitions, slow and lying networks, wild clocks and failing disks, the same every time.
/// </summary>
#pragma warning disable CA1724 // The name that users read; they never name the namespace and the type in one place.
public static class Simulation
#pragma warning restore CA1724
{
    /// <summary>
    /// Runs seeds until all have passed, or <see cref="SimulationOptions.FailuresMax"/> have failed. Each is run from
    /// beginning to end and cannot be interrupted, on a thread that does nothing else.
    /// </summary>
    /// <typeparam name="TFsm">The state machine.</typeparam>
    /// <param name="seeds">The seeds, such as <c>SeedRange.Of(1, 100)</c>.</param>
    /// <param name="newFsm">Makes an empty state machine; each node of each run gets one of its own at every start.</param>
    /// <param name="workload">What clients do with it, and what must be true of it.</param>
    /// <param name="options">How to run; null for the defaults.</param>
    /// <returns>What was run.</returns>
    /// <exception cref="SimulationFailedException">
    /// A seed failed. The message tells how; <see cref="SeedRange.One"/> with all else as it was shows it again.
    /// </exception>
    public static async Task<SimulationReport> RunAsync<TFsm>(
        SeedRange seeds, Func<TFsm> newFsm, SimulationWorkload<TFsm> workload, SimulationOptions? options = null)
        where TFsm : class, IFsm
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(seeds.Last, seeds.First, nameof(seeds));
        ArgumentNullException.ThrowIfNull(newFsm);
        ArgumentNullException.ThrowIfNull(workload);
        options ??= new SimulationOptions();
        options.Validate();
        var runner = new SeedRunner<TFsm>(newFsm, workload, options);
        SimulationReport report = await runner.RunAsync(seeds);
        if (report.Failures.Count == 0)
        {
            return report;
        }

        string first = string.Empty;
        await SeedRunner<TFsm>.OnThread(() => first = runner.Describe(report.Failures[0]));
        throw new SimulationFailedException(Describe(report, first), report);
    }

    private static string Describe(SimulationReport report, string first)
    {
        IEnumerable<ulong> seeds = report.Failures.Select(f => f.Seed).Order();
        return report.Failures.Count == 1
            ? first
            : $"{report.Failures.Count} of {report.Seeds} seeds failed: {string.Join(", ", seeds)}. The first:\n\n{first}";
    }
}
