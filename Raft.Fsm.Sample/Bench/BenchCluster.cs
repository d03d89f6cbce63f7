using System.Diagnostics;
using Raft.Fsm.Sample.Cluster;

namespace Raft.Fsm.Sample.Bench;

/// <summary>The nodes of a benchmark: the leader in this process, each follower in a process of its own on the loopback.</summary>
internal sealed class BenchCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);

    private readonly BenchOptions _options;
    private readonly string _data;
    private readonly List<ChildProcess> _followers = [];
    private readonly BenchCertificates? _certificates;
    private BenchNode? _leader;

    private BenchCluster(BenchOptions options)
    {
        _data = Path.Combine(options.Data, $"run-{Environment.ProcessId}");
        _certificates = options.HasTls == true ? new BenchCertificates(Path.Combine(_data, "tls")) : null;
        _options = options with { TlsDirectory = _certificates?.Directory };
    }

    /// <summary>The leader.</summary>
    public BenchNode Leader => _leader!;

    /// <summary>The processes of all its nodes that run.</summary>
    public IReadOnlyList<Process> Processes => [Process.GetCurrentProcess(), .. _followers.Select(f => f.Process)];

    /// <summary>Starts nodes, and waits until this process leads them.</summary>
    /// <param name="options">What is measured.</param>
    /// <param name="nodes">How many nodes there are to begin with.</param>
    public static async Task<BenchCluster> StartAsync(BenchOptions options, int nodes)
    {
        var cluster = new BenchCluster(options);
        try
        {
            Server[] servers = await Task.WhenAll(Enumerable.Range(2, nodes - 1).Select(n => cluster.StartFollowerAsync(n)));
            cluster._certificates?.Issue("n1");
            cluster._leader = await BenchNode.StartAsync("n1", Path.Combine(cluster._data, "n1"), cluster._options, Heartbeat, servers);
            await LeadAsync(cluster.Leader.Raft).WaitAsync(Patience);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the process of a follower, and waits until it listens.</summary>
    /// <param name="number">Its number, from 2.</param>
    /// <param name="address">Where it is to listen; null for a free port.</param>
    /// <returns>Who it is, and where.</returns>
    public async Task<Server> StartFollowerAsync(int number, ServerAddress? address = null)
    {
        string id = $"n{number}";
        _certificates?.Issue(id);
        ChildProcess follower = ChildProcess.Start(
            [
                BenchOptions.FollowerCommand, $"--id={id}", $"--data={Path.Combine(_data, id)}",
                $"--listen={address?.ToString() ?? "127.0.0.1:0"}", .. _options.Words,
                .. _certificates is null ? Array.Empty<string>() : [$"--tls-dir={_certificates.Directory}"],
            ]);
        lock (_followers)
        {
            _followers.Add(follower);
        }

        string? line = await follower.Output.ReadLineAsync().WaitAsync(Patience);
        return line is not null && line.StartsWith(BenchFollower.AddressPrefix, StringComparison.Ordinal)
            ? new Server(id, line[BenchFollower.AddressPrefix.Length..])
            : throw new IOException($"{id} did not start: {line ?? await follower.Errors.ReadToEndAsync()}");
    }

    /// <summary>Ends the process of the follower that was started last.</summary>
    public async Task StopLastFollowerAsync()
    {
        ChildProcess follower = _followers[^1];
        _followers.Remove(follower);
        follower.RequestStop();
        await follower.WaitAsync(Patience);
        follower.Dispose();
    }

    /// <summary>Waits until a follower is known to have an entry, durably.</summary>
    /// <param name="id">The follower.</param>
    /// <param name="index">The entry's index.</param>
    public async Task<TimeSpan> ReachAsync(ServerId id, ulong index)
    {
        long began = Stopwatch.GetTimestamp();
        while (await MatchIndexAsync(id) is var match && match < index)
        {
            if (Stopwatch.GetElapsedTime(began) > 10 * Patience)
            {
                throw new TimeoutException($"{id} has {match} of {index} entries after {10 * Patience}");
            }

            await Task.Delay(1);
        }

        return Stopwatch.GetElapsedTime(began);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_leader is not null)
        {
            await _leader.DisposeAsync();
        }

        foreach (ChildProcess follower in _followers)
        {
            follower.RequestStop();
        }

        foreach (ChildProcess follower in _followers)
        {
            await follower.WaitAsync(Patience);
            follower.Dispose();
        }

        _certificates?.Dispose();
        if (Directory.Exists(_data))
        {
            Directory.Delete(_data, recursive: true);
        }

        if (Directory.Exists(_options.Data) && !Directory.EnumerateFileSystemEntries(_options.Data).Any())
        {
            Directory.Delete(_options.Data);
        }
    }

    private static async Task LeadAsync(RaftNode node)
    {
        while (true)
        {
            try
            {
                await node.BarrierAsync();
                return;
            }
            catch (NotLeaderException)
            {
                await Task.Delay(Heartbeat / 100);
            }
        }
    }

    private async Task<ulong> MatchIndexAsync(ServerId id) =>
        (await Leader.Raft.GetStatusAsync()).Followers.FirstOrDefault(f => f.Id == id)?.MatchIndex ?? 0;
}
