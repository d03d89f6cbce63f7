using System.Collections.Concurrent;
using System.Text;
using Raft.Tests.Sample;

namespace Raft.Tests.Scenarios;

/// <summary>Clients of a <see cref="ProcessCluster"/> that write keys without end and remember which were acknowledged.</summary>
internal sealed class Writers : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _acknowledged = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ProcessCluster _cluster;
    private readonly IReadOnlyList<int> _nodes;
    private readonly Task[] _writers;

    /// <summary>Begins to write to some nodes.</summary>
    public Writers(ProcessCluster cluster, int count, params IReadOnlyList<int> nodes)
    {
        _cluster = cluster;
        _nodes = nodes;
        _writers = [.. Enumerable.Range(0, count).Select(WriteAsync)];
    }

    /// <summary>How many writes were acknowledged.</summary>
    public int Acknowledged => _acknowledged.Count;

    /// <summary>Waits until so many more were acknowledged.</summary>
    public Task MoreAsync(int count)
    {
        int target = Acknowledged + count;
        return Eventually.HoldsAsync($"{count} more writes are acknowledged", () => Acknowledged >= target);
    }

    /// <summary>Ends, and looks whether some nodes come to hold the same, and everything that was acknowledged.</summary>
    public async Task AssertAllThereAsync(params IReadOnlyList<int> nodes)
    {
        await DisposeAsync();
        await _cluster.ConvergeAsync(nodes);
        foreach (string key in _acknowledged)
        {
            Reply? read = await _cluster.TrySendAsync(nodes[0], "GET", $"/kv/{key}?read=stale");
            Assert.That(read?.Text, Is.EqualTo(key), $"of {Acknowledged} acknowledged writes");
        }

        await TestContext.Out.WriteLineAsync($"{Acknowledged} acknowledged writes, none lost");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_writers);
    }

    private async Task WriteAsync(int writer)
    {
        for (int i = 0; !_stop.IsCancellationRequested; i++)
        {
            // Each key is written once: what happened to a write without an answer does not matter.
            string key = $"w{writer}-{i}";
            int node = _nodes[(writer + i) % _nodes.Count];
            if (await _cluster.TrySendAsync(node, "PUT", $"/kv/{key}", Encoding.UTF8.GetBytes(key)) is { Status: 200 })
            {
                _acknowledged.Enqueue(key);
            }
        }
    }
}
