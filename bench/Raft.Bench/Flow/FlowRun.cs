using System.Diagnostics;

namespace Raft.Bench.Flow;

/// <summary>Writes at a fixed pace, with how long each took and how much memory was held.</summary>
internal sealed class FlowRun
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    private readonly List<double>[] _times;
    private double[] _sorted = [];

    private FlowRun(int callers) => _times = [.. Enumerable.Range(0, callers).Select(_ => new List<double>())];

    /// <summary>How many were measured.</summary>
    public int Count => _sorted.Length;

    /// <summary>Bytes on the heap, collected, after a third of the time.</summary>
    public long HeapEarly { get; private set; }

    /// <summary>Bytes on the heap, collected, at the end.</summary>
    public long HeapLate { get; private set; }

    /// <summary>Entries that the last server lacks at the end.</summary>
    public ulong Lag { get; private set; }

    /// <summary>Milliseconds that a share of the writes did not exceed.</summary>
    public double Percentile(double share) => _sorted[(int)Math.Min(_sorted.Length - 1, share * _sorted.Length)];

    /// <summary>Measures.</summary>
    /// <param name="leader">Who is written to.</param>
    /// <param name="time">How long, after a warm-up.</param>
    /// <param name="rate">Writes a second, by all callers.</param>
    /// <param name="size">Bytes of each.</param>
    /// <param name="callers">How many there are.</param>
    public static async Task<FlowRun> MeasureAsync(RaftNode leader, TimeSpan time, int rate, int size, int callers)
    {
        var run = new FlowRun(callers);
        long began = Stopwatch.GetTimestamp();
        TimeSpan interval = TimeSpan.FromSeconds((double)callers / rate);
        Task[] tasks = [.. Enumerable.Range(0, callers).Select(c => Task.Run(() => run.CallAsync(leader, c, began, interval, time, size)))];
        await Task.Delay(WarmUp + (time / 3));
        run.HeapEarly = GC.GetTotalMemory(forceFullCollection: true);
        await Task.Delay((time * 2 / 3) - TimeSpan.FromSeconds(1));
        run.HeapLate = GC.GetTotalMemory(forceFullCollection: true);
        await Task.WhenAll(tasks);
        run._sorted = [.. run._times.SelectMany(t => t).Order()];
        RaftStatus status = await leader.GetStatusAsync();
        run.Lag = status.LastLogIndex - status.Followers[^1].MatchIndex;
        return run;
    }

    private async Task CallAsync(RaftNode leader, int caller, long began, TimeSpan interval, TimeSpan time, int size)
    {
        byte[] command = new byte[size];
        TimeSpan due = interval * caller / _times.Length;
        while (due < WarmUp + time)
        {
            TimeSpan ahead = due - Stopwatch.GetElapsedTime(began);
            if (ahead > TimeSpan.Zero)
            {
                await Task.Delay(ahead);
            }

            long started = Stopwatch.GetTimestamp();
            await leader.ApplyAsync(command);
            if (due > WarmUp)
            {
                _times[caller].Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            due += interval;
        }
    }
}
