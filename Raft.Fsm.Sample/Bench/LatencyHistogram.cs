using System.Numerics;

namespace Raft.Fsm.Sample.Bench;

/// <summary>
/// Counts latencies in buckets whose width grows with them, each at most 1/64 of its value wide, so that a percentile
/// is right to 1.6% without keeping the values. Any task; records without allocating.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBucketBits = 6;
    private const int SubBuckets = 1 << SubBucketBits;

    private readonly long[] _counts = new long[(64 - SubBucketBits + 1) * SubBuckets];

    /// <summary>How many latencies were recorded.</summary>
    public long Count => _counts.Sum();

    /// <summary>Records a latency, in whatever unit.</summary>
    public void Record(long value) => Interlocked.Increment(ref _counts[Bucket((ulong)Math.Max(0, value))]);

    /// <summary>The latency that a share of all did not exceed.</summary>
    /// <param name="share">0 to 1.</param>
    /// <returns>The upper end of its bucket; 0 where nothing was recorded.</returns>
    public long Percentile(double share)
    {
        long rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= rank)
            {
                return (long)UpperEnd(bucket);
            }
        }

        return 0;
    }

    // Values below the first power of two are their own bucket; above, the bits behind the leading one number it.
    private static int Bucket(ulong value)
    {
        int shift = Math.Max(0, BitOperations.Log2(value | 1) - SubBucketBits);
        return (shift * SubBuckets) + (int)(value >> shift);
    }

    private static ulong UpperEnd(int bucket)
    {
        int shift = Math.Max(0, (bucket / SubBuckets) - 1);
        ulong sub = (ulong)(bucket - (shift * SubBuckets));
        return ((sub + 1) << shift) - 1;
    }
}
