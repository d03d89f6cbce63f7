using System.Diagnostics;
using Raftchaos.Clients;
using Raftchaos.Cluster;

namespace Raftchaos;

/// <summary>What faults work on: a cluster, and clients that call it.</summary>
internal sealed class ChaosWorld(ChaosOptions options, ChaosCluster cluster, Workload workload)
{
    private readonly long _began = Stopwatch.GetTimestamp();

    /// <summary>The settings of the run.</summary>
    public ChaosOptions Options => options;

    /// <summary>The nodes.</summary>
    public ChaosCluster Cluster => cluster;

    /// <summary>The clients.</summary>
    public Workload Workload => workload;

    /// <summary>The source of all that is drawn.</summary>
    public Random Random { get; } = new(options.Seed);

    /// <summary>Tells how far it is.</summary>
    public void Say(string text) => options.Log.WriteLine(
        $"{Stopwatch.GetElapsedTime(_began).TotalSeconds,7:0.0} s  {workload.Acknowledged.Count,8} writes  {text}");

    /// <summary>Waits for a time that is drawn.</summary>
    public Task PauseAsync(double secondsMin, double secondsMax) =>
        Task.Delay(TimeSpan.FromSeconds(secondsMin + (Random.NextDouble() * (secondsMax - secondsMin))));

    /// <summary>Draws a time so that each order of magnitude is as likely as the others.</summary>
    public TimeSpan DrawTime(double secondsMin, double secondsMax) =>
        TimeSpan.FromSeconds(secondsMin * Math.Pow(secondsMax / secondsMin, Random.NextDouble()));

    /// <summary>Runs again what was killed, paused or cut off.</summary>
    public async Task MendAsync()
    {
        cluster.Net?.Heal();
        foreach (ChaosNode node in cluster.Nodes.Where(n => n.IsPaused))
        {
            node.Resume();
        }

        await cluster.StartAllAsync();
    }
}
