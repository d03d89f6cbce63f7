using System.Diagnostics;
using System.Text.Json;
using Raft.Simulation;
using Raft.Simulation.Running;
using Raft.Simulation.Workloads;

namespace Raft.Tests.Simulation;

/// <summary>One seed is one history: each choice, message, timer and disk operation, in this process and in any other.</summary>
public sealed class DeterminismTests
{
    private const int Runs = 100;
    private const int Processes = 20;

    [Test]
    public void The_same_seed_gives_the_same_history_in_100_runs([Values(1UL, 2UL, 3UL)] ulong seed)
    {
        var options = new SimulationOptions { Duration = TimeSpan.FromSeconds(20) };
        var hashes = new HashSet<ulong>();

        for (int run = 0; run < Runs; run++)
        {
            hashes.Add(new SeedRun<RegisterFsm>(seed, () => new RegisterFsm(), new RegisterWorkload(), options).Run().TraceHash);
        }

        Assert.That(hashes, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task The_same_seeds_give_the_same_history_in_20_processes()
    {
        string[] hashes = await Task.WhenAll(Enumerable.Range(0, Processes).Select(_ => HashOfProcessAsync()));

        Assert.That(hashes.Distinct().ToArray(), Has.Length.EqualTo(1));
        Assert.That(hashes[0], Has.Length.EqualTo(16));
    }

    [Test]
    public void Different_seeds_give_different_histories()
    {
        var options = new SimulationOptions { Duration = TimeSpan.FromSeconds(2) };

        IEnumerable<ulong> hashes = Enumerable.Range(1, 50).Select(seed => new SeedRun<RegisterFsm>(
            (ulong)seed, () => new RegisterFsm(), new RegisterWorkload(), options).Run().TraceHash);

        Assert.That(hashes.Distinct().Count(), Is.EqualTo(50));
    }

    private static async Task<string> HashOfProcessAsync()
    {
        using Process process = Process.Start(new ProcessStartInfo("dotnet")
        {
            ArgumentList =
            {
                Path.Combine(AppContext.BaseDirectory, "raftsim.dll"), "--seeds", "1-3", "--seconds", "20", "--threads", "1",
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero, output + await errors);
        using var closing = JsonDocument.Parse(output.Trim().Split('\n')[^1]);
        return closing.RootElement.GetProperty("trace_hash").GetString()!;
    }
}
