using System.Diagnostics;
using System.Text.Json;
using Raftchaos.Cluster;

namespace Raftchaos.Faults;

/// <summary>
/// The leader's disk fills up, a file system in memory of its own: the node stops and says why, another leads, and with room again
/// it comes back. Needs the right to mount.
/// </summary>
/// <param name="cycles">How often.</param>
internal sealed class DiskFullFaults(int cycles) : IFaults
{
    private const string Size = "size=512m";
    private const int ExitOfFailedDisk = 4;
    private const int BallastBytes = 500 << 10;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly RecoveryTimes _left = new();
    private readonly List<string> _mounts = [];
    private TimeSpan _electionTimeout;

    /// <inheritdoc/>
    public string Name => "disk_full";

    /// <inheritdoc/>
    public async Task PrepareAsync(ChaosCluster cluster)
    {
        foreach (string directory in cluster.DataDirectories)
        {
            Directory.CreateDirectory(directory);
            if (await SystemProgram.RunAsync("mount", "-t", "tmpfs", "-o", Size, "tmpfs", directory) != 0)
            {
                throw new ChaosException("a file system in memory cannot be mounted here; run it as root");
            }

            _mounts.Add(directory);
        }
    }

    /// <inheritdoc/>
    public async Task RageAsync(ChaosWorld world)
    {
        _electionTimeout = world.Options.ElectionTimeout;
        for (int cycle = 0; cycle < cycles; cycle++)
        {
            await world.PauseAsync(0.5, 2);
            await RunCycleAsync(world);
        }
    }

    /// <inheritdoc/>
    public async Task CleanUpAsync()
    {
        foreach (string mount in _mounts)
        {
            await SystemProgram.RunAsync("umount", mount);
        }
    }

    /// <inheritdoc/>
    public string? Report(Utf8JsonWriter json)
    {
        json.WriteNumber("cycles", cycles);
        _left.Write(json, "another_leads_after_it_stopped");
        TimeSpan limit = 2 * _electionTimeout;
        return _left.Percentile(1) <= limit ? null
            : $"a full disk: another led after {_left.Percentile(1).TotalMilliseconds:0} ms, promised are {limit.TotalMilliseconds:0} ms";
    }

    private async Task RunCycleAsync(ChaosWorld world)
    {
        int leader = await world.Cluster.LeaderAsync();
        ChaosNode node = world.Cluster.Nodes[leader];
        string filler = Path.Combine(world.Cluster.DataDirectories[leader], "filler");
        Fill(filler);
        using var stop = new CancellationTokenSource();
        Task ballast = world.Workload.WriteBallastAsync(BallastBytes, stop.Token);
        int? code = await node.ExitAsync(Patience);
        long at = Stopwatch.GetTimestamp();
        await stop.CancelAsync();
        if (code != ExitOfFailedDisk)
        {
            throw new ChaosException($"{node.Id}, whose disk is full, {(code is null ? "goes on" : $"ended with {code}")}; it must end with {ExitOfFailedDisk}");
        }

        await world.Cluster.LeaderAsync();
        TimeSpan left = Stopwatch.GetElapsedTime(at);
        _left.Add(left);
        await ballast;
        await world.PauseAsync(0, 1);
        File.Delete(filler);
        await node.StartAsync();
        world.Say($"{node.Id}, the leader, had no room left and stopped: another led after {left.TotalMilliseconds:0} ms; it is back");
    }

    // To the last byte, in pieces that get smaller.
    private static void Fill(string path)
    {
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (int piece = 1 << 20; piece >= 4096;)
        {
            try
            {
                file.Write(new byte[piece]);
            }
            catch (IOException)
            {
                piece /= 2;
            }
        }
    }
}
