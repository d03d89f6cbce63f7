using System.Diagnostics;
using System.Text.Json;
using Raftchaos.Cluster;

namespace Raftchaos.Faults;

/// <summary>
/// A fault each minute, of all kinds, and between them a look at what the processes take of their machine. The first node is neither
/// killed nor paused: what it takes must not grow.
/// </summary>
/// <param name="time">How long.</param>
internal sealed class SoakFaults(TimeSpan time) : IFaults
{
    private const double MebibytesAnHourMax = 30;
    private const double CountsAnHourMax = 20;

    private static readonly TimeSpan Between = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);

    private readonly TimeSpan _warmUp = time < TimeSpan.FromMinutes(30) ? time / 3 : TimeSpan.FromMinutes(10);
    private readonly List<(TimeSpan At, NodeFigures Figures)> _looks = [];
    private int _faults;

    /// <inheritdoc/>
    public string Name => "soak";

    /// <inheritdoc/>
    public async Task RageAsync(ChaosWorld world)
    {
        long began = Stopwatch.GetTimestamp();
        using var over = new CancellationTokenSource();
        Task looking = LookAsync(world, began, over.Token);
        while (Stopwatch.GetElapsedTime(began) + Between <= time)
        {
            long faultAt = Stopwatch.GetTimestamp();
            await FaultAsync(world);
            _faults++;
            TimeSpan rest = Between - Stopwatch.GetElapsedTime(faultAt);
            await Task.Delay(rest > TimeSpan.Zero ? rest : TimeSpan.Zero);
        }

        await over.CancelAsync();
        await looking;
    }

    /// <inheritdoc/>
    public string? Report(Utf8JsonWriter json)
    {
        (TimeSpan At, NodeFigures Figures)[] later = [.. _looks.Where(l => l.At >= _warmUp)];
        double memory = SlopeAnHour(later, f => f.ResidentBytes / (double)(1 << 20));
        double handles = SlopeAnHour(later, f => f.Handles);
        double threads = SlopeAnHour(later, f => f.Threads);
        json.WriteNumber("minutes", Math.Round(time.TotalMinutes));
        json.WriteNumber("minute_faults", _faults);
        WriteRange(json, "resident_mib", later, f => f.ResidentBytes >> 20);
        WriteRange(json, "handles", later, f => f.Handles);
        WriteRange(json, "threads", later, f => f.Threads);
        json.WriteNumber("resident_mib_an_hour", Math.Round(memory, 1));
        json.WriteNumber("handles_an_hour", Math.Round(handles, 1));
        json.WriteNumber("threads_an_hour", Math.Round(threads, 1));
        return memory > MebibytesAnHourMax ? $"memory grows by {memory:0} MiB an hour"
            : Math.Max(handles, threads) > CountsAnHourMax ? $"handles grow by {handles:0} an hour, threads by {threads:0}" : null;
    }

    private static void WriteRange(
        Utf8JsonWriter json, string name, (TimeSpan At, NodeFigures Figures)[] looks, Func<NodeFigures, long> figure)
    {
        json.WriteStartObject(name);
        json.WriteNumber("min", looks.Select(l => figure(l.Figures)).DefaultIfEmpty().Min());
        json.WriteNumber("max", looks.Select(l => figure(l.Figures)).DefaultIfEmpty().Max());
        json.WriteEndObject();
    }

    /// <summary>The slope of the line that lies closest to the figures, by least squares.</summary>
    private static double SlopeAnHour((TimeSpan At, NodeFigures Figures)[] looks, Func<NodeFigures, double> figure)
    {
        if (looks.Length < 2)
        {
            return 0;
        }

        double meanAt = looks.Average(l => l.At.TotalHours);
        double mean = looks.Average(l => figure(l.Figures));
        double spread = looks.Sum(l => Math.Pow(l.At.TotalHours - meanAt, 2));
        return looks.Sum(l => (l.At.TotalHours - meanAt) * (figure(l.Figures) - mean)) / spread;
    }

    private async Task LookAsync(ChaosWorld world, long began, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            if (NodeFigures.Of(world.Cluster.Nodes[0].ProcessId) is { } figures)
            {
                _looks.Add((Stopwatch.GetElapsedTime(began), figures));
            }

            await Task.WhenAny(Task.Delay(Look, CancellationToken.None), Task.Delay(Timeout.Infinite, over));
        }
    }

    private static async Task FaultAsync(ChaosWorld world)
    {
        ChaosNode victim = world.Cluster.Nodes[world.Random.Next(1, world.Cluster.Nodes.Count)];
        switch (world.Random.Next(4))
        {
            case 0:
                await victim.KillAsync();
                await world.PauseAsync(0, 5);
                await victim.StartAsync();
                world.Say($"{victim.Id} was killed and is back");
                break;
            case 1:
                TimeSpan paused = world.DrawTime(0.1, 20);
                victim.Pause();
                await Task.Delay(paused);
                victim.Resume();
                world.Say($"{victim.Id} stood still for {paused.TotalSeconds:0.0} s");
                break;
            case 2:
                await world.Cluster.TransferAsync(world.Random.Next(world.Cluster.Nodes.Count));
                world.Say("leadership was handed over");
                break;
            default:
                await new NetworkFaults(3, secondsMax: 10).RageAsync(world);
                break;
        }
    }
}
