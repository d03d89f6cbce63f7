using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Raft.Tests.Sample;

namespace Raft.Tests.Scenarios;

/// <summary>
/// Clients of a <see cref="ProcessCluster"/> that each count a register of their own up, by swaps that carry a session, and send each until
/// it is done: one that was lost or done twice keeps the next from being done.
/// </summary>
internal sealed class SessionClients : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PatienceOfOne = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    private readonly ConcurrentQueue<long> _done = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ProcessCluster _cluster;
    private readonly int[] _counts;
    private readonly Task[] _clients;
    private int _retries;

    /// <summary>Begins.</summary>
    /// <param name="cluster">The cluster, of three founders or more.</param>
    /// <param name="count">How many clients.</param>
    public SessionClients(ProcessCluster cluster, int count)
    {
        _cluster = cluster;
        _counts = new int[count];
        _clients = [.. Enumerable.Range(0, count).Select(c => Task.Run(() => RunAsync(c)))];
    }

    /// <summary>How many operations are done.</summary>
    public int Done => _done.Count;

    /// <summary>How many were sent again.</summary>
    public int Retries => Volatile.Read(ref _retries);

    /// <summary>What could not be done in time, or was done wrong.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>Waits until so many more are done.</summary>
    public Task MoreAsync(int count)
    {
        int target = Done + count;
        return Eventually.HoldsAsync($"{count} more are done", () => Done >= target || !_failures.IsEmpty, within: Patience * 2);
    }

    /// <summary>The longest time since an instant in which none of the clients had anything done.</summary>
    public TimeSpan LongestGapSince(long timestamp)
    {
        long last = timestamp;
        long longest = 0;
        foreach (long at in _done.Where(at => at > timestamp).Order().Append(Stopwatch.GetTimestamp()))
        {
            longest = Math.Max(longest, at - last);
            last = at;
        }

        return Stopwatch.GetElapsedTime(0, longest);
    }

    /// <summary>Ends, and looks whether the cluster holds what was done last.</summary>
    public async Task AssertExactAsync()
    {
        await DisposeAsync();
        Assert.That(_failures, Is.Empty);
        await _cluster.ConvergeAsync([0, 1, 2]);
        for (int c = 0; c < _counts.Length; c++)
        {
            Reply? read = await _cluster.TrySendAsync(0, "GET", $"/kv/c{c}?read=stale");
            Assert.That(read?.Text, Is.EqualTo(Text(_counts[c])));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
    }

    private async Task RunAsync(int client)
    {
        for (int next = 1; !_stop.IsCancellationRequested && await DoAsync(client, next); next++)
        {
            _counts[client] = next;
            _done.Enqueue(Stopwatch.GetTimestamp());
        }
    }

    private async Task<bool> DoAsync(int client, int next)
    {
        string expected = next == 1 ? "null" : $"\"{Text(next - 1)}\"";
        byte[] body = Encoding.UTF8.GetBytes($$"""{"expected":{{expected}},"value":"{{Text(next)}}"}""");
        long began = Stopwatch.GetTimestamp();
        string last = string.Empty;
        for (int node = client; Stopwatch.GetElapsedTime(began) < Patience; node++)
        {
            try
            {
                Reply reply = await Reply.SendAsync(
                    _cluster.Http[node % 3], "POST", $"/kv/c{client}/cas", body,
                    ("Raft-Client", $"c{client}"), ("Raft-Request", Text(next))).WaitAsync(PatienceOfOne);
                if (reply.Status == 200 && reply.Json.GetProperty("swapped").GetBoolean())
                {
                    return true;
                }

                last = reply.ToString();
                if (reply.Status is not (421 or 500 or 503 or 504))
                {
                    break;
                }
            }
            catch (Exception failure) when (failure is HttpRequestException or TimeoutException)
            {
                last = failure.Message;
            }

            Interlocked.Increment(ref _retries);
            await Task.Delay(Pause);
        }

        _failures.Enqueue($"c{client} could not do its {next}. in {Stopwatch.GetElapsedTime(began)}: {last}");
        return false;
    }

    private static string Text(int count) => count.ToString(CultureInfo.InvariantCulture);
}
