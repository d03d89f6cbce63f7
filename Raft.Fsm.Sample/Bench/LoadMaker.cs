using System.Diagnostics;

namespace Raft.Fsm.Sample.Bench;

/// <summary>Callers of a benchmark that write until something is reached.</summary>
internal static class LoadMaker
{
    /// <summary>Writes a number of entries.</summary>
    /// <param name="leader">The leader.</param>
    /// <param name="entries">How many.</param>
    /// <param name="callers">By how many callers, each with one under way.</param>
    /// <param name="payloadBytes">Bytes of a command.</param>
    public static Task WriteAsync(RaftNode leader, int entries, int callers, int payloadBytes)
    {
        byte[] command = new byte[payloadBytes];
        int left = entries;
        return Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await leader.ApplyAsync(command);
            }
        })));
    }

    /// <summary>One caller that writes until it is told to stop.</summary>
    /// <param name="leader">The leader.</param>
    /// <param name="payloadBytes">Bytes of a command.</param>
    /// <param name="stop">Cancelled when it is to stop.</param>
    /// <param name="target">Where its latencies are noted.</param>
    /// <returns>How many entries it wrote.</returns>
    public static Task<int> WriteUntilAsync(
        RaftNode leader, int payloadBytes, CancellationToken stop, Target? target = null) => Task.Run(async () =>
        {
            byte[] command = new byte[payloadBytes];
            int count = 0;
            while (!stop.IsCancellationRequested)
            {
                long started = Stopwatch.GetTimestamp();
                await leader.ApplyAsync(command);
                target?.Latencies.Record(Stopwatch.GetTimestamp() - started);
                count++;
            }

            return count;
        });

    /// <summary>A percentile, in milliseconds.</summary>
    public static double Milliseconds(LatencyHistogram latencies, double share) =>
        Math.Round(latencies.Percentile(share) * 1000.0 / Stopwatch.Frequency, 3);

    /// <summary>Where latencies are noted, which may change on the way.</summary>
    public sealed class Target(LatencyHistogram latencies)
    {
        private volatile LatencyHistogram _latencies = latencies;

        /// <summary>Where they are noted now.</summary>
        public LatencyHistogram Latencies
        {
            get => _latencies;
            set => _latencies = value;
        }
    }
}
