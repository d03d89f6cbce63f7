using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Raftchaos.Clients;
using Raftchaos.Cluster;

namespace Raftchaos;

/// <summary>One run: a cluster of processes, clients, faults, and then the question whether every promise was kept.</summary>
internal static class ChaosRun
{
    /// <summary>Runs to the end.</summary>
    /// <param name="options">What it is to be like.</param>
    /// <param name="faults">What is done to the cluster.</param>
    /// <returns>Whether all was kept, what was not, and the closing line.</returns>
    public static async Task<ChaosResult> RunAsync(ChaosOptions options, IFaults faults)
    {
        Directory.CreateDirectory(options.Directory);
        var clock = Stopwatch.StartNew();
        var wrong = new List<string>();
        int lost = 0;
        await using var cluster = new ChaosCluster(options);
        using var workload = new Workload(options, cluster.Http);
        var world = new ChaosWorld(options, cluster, workload);
        using var stop = new CancellationTokenSource();
        Task? clients = null;
        try
        {
            await faults.PrepareAsync(cluster);
            await cluster.StartAllAsync();
            await cluster.LeaderAsync();
            clients = workload.RunAsync(stop.Token);
            await faults.RageAsync(world);
            await world.MendAsync();
            await workload.WritesAgainAsync(Stopwatch.GetTimestamp()).WaitAsync(TimeSpan.FromMinutes(1));
        }
        catch (Exception failure) when (failure is ChaosException or TimeoutException)
        {
            wrong.Add(failure.Message);
        }

        TimeSpan raged = clock.Elapsed;
        await stop.CancelAsync();
        if (wrong.Count == 0)
        {
            try
            {
                await clients!;
                world.Say("the clients have stopped; every key is read again");
                await cluster.ConvergeAsync();
                lost = await workload.Check.ReadAllAgainAsync();
            }
            catch (ChaosException failure)
            {
                wrong.Add(failure.Message);
            }
        }

        await cluster.DisposeAsync();
        await faults.CleanUpAsync();
        wrong.AddRange(workload.Check.Faults);
        return Close(options, faults, workload, raged, lost, wrong);
    }

    private static ChaosResult Close(
        ChaosOptions options, IFaults faults, Workload workload, TimeSpan raged, int lost, List<string> wrong)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("faults", faults.Name);
            json.WriteNumber("nodes", options.Nodes);
            json.WriteNumber("seed", options.Seed);
            json.WriteNumber("seconds", Math.Round(raged.TotalSeconds));
            json.WriteNumber("acknowledged_writes", workload.Acknowledged.Count);
            json.WriteNumber("writes_s", Math.Round(workload.Acknowledged.Count / raged.TotalSeconds));
            json.WriteNumber("unknown", workload.Unknown);
            json.WriteNumber("refused", workload.Refused);
            json.WriteNumber("checked_operations", workload.Check.Checked);
            json.WriteNumber("keys_read_again", workload.Check.Keys);
            json.WriteNumber("lost", lost);
            if (faults.Report(json) is { } worse && options.JudgesTimes)
            {
                wrong.Add(worse);
            }

            json.WriteNumber("violations", wrong.Count);
            json.WriteEndObject();
        }

        return new ChaosResult(wrong, Encoding.UTF8.GetString(buffer.ToArray()));
    }
}
