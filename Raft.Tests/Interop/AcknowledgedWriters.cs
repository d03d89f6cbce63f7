using System.Collections.Concurrent;
using System.Diagnostics;

namespace Raft.Tests.Interop;

/// <summary>Clients that write to whoever leads, and know what they were told is committed. Each key is written once.</summary>
internal sealed class AcknowledgedWriters : IAsyncDisposable
{
    private const int Count = 8;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(20);

    private readonly MixedCluster _cluster;
    private readonly ConcurrentDictionary<string, string> _acknowledged = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _writers;
    private readonly Lock _gate = new();
    private long _lastAt = Stopwatch.GetTimestamp();

    /// <summary>Begins to write.</summary>
    public AcknowledgedWriters(MixedCluster cluster)
    {
        _cluster = cluster;
        _writers = [.. Enumerable.Range(0, Count).Select(w => Task.Run(() => WriteAsync(w)))];
    }

    /// <summary>How many writes were acknowledged.</summary>
    public int AcknowledgedCount => _acknowledged.Count;

    /// <summary>The longest time in which none was.</summary>
    public TimeSpan LongestPause { get; private set; }

    /// <summary>Ends the writing.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_writers);
    }

    /// <summary>The keys whose acknowledged values a state does not have.</summary>
    public IReadOnlyList<string> LostFrom(IReadOnlyDictionary<string, string> state) =>
        [.. _acknowledged.Where(w => state.GetValueOrDefault(w.Key) != w.Value).Select(w => w.Key)];

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task WriteAsync(int writer)
    {
        Member leader = await _cluster.LeaderAsync();
        for (int i = 0; !_stop.IsCancellationRequested; i++)
        {
            if (await leader.TryWriteAsync($"{writer}-{i}", $"value-{i}"))
            {
                Acknowledged($"{writer}-{i}", $"value-{i}");
            }
            else
            {
                await Task.Delay(RetryAfter, CancellationToken.None);
                leader = await _cluster.LeaderAsync();
            }
        }
    }

    private void Acknowledged(string key, string value)
    {
        _acknowledged[key] = value;
        lock (_gate)
        {
            TimeSpan pause = Stopwatch.GetElapsedTime(_lastAt);
            LongestPause = pause > LongestPause ? pause : LongestPause;
            _lastAt = Stopwatch.GetTimestamp();
        }
    }
}
