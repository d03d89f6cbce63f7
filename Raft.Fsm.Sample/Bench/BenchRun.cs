using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Raft.Fsm.Sample.Cluster;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Bench;

/// <summary>
/// <c>raftkv bench</c>: this process leads and makes the load by <see cref="RaftNode.ApplyAsync"/> and
/// <see cref="RaftNode.ReadAsync"/>; each follower is a process of its own on the loopback. Prints one line of JSON.
/// </summary>
internal sealed class BenchRun(BenchOptions options)
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);

    private readonly LatencyHistogram _latencies = new();
    private readonly LatencyHistogram _readLatencies = new();
    private volatile bool _isMeasuring;
    private volatile bool _isOver;

    /// <summary>Runs the benchmark.</summary>
    public async Task<int> RunAsync(TextWriter output)
    {
        string data = Path.Combine(options.Data, $"run-{Environment.ProcessId}");
        var followers = new List<ChildProcess>();
        try
        {
            for (int i = 2; i <= options.Nodes; i++)
            {
                followers.Add(ChildProcess.Start(
                    BenchOptions.FollowerCommand, $"--id=n{i}", $"--store={options.Store}", $"--data={Path.Combine(data, $"n{i}")}"));
            }

            Server[] servers = await Task.WhenAll(followers.Select((f, i) => LocateAsync(f, $"n{i + 2}")));
            await using BenchNode leader = await BenchNode.StartAsync(
                "n1", options.Store, Path.Combine(data, "n1"), Heartbeat, servers);
            await LeadAsync(leader.Raft).WaitAsync(StartPatience);
            await output.WriteLineAsync(await MeasureAsync(leader.Raft, followers));
            return ExitCodes.Success;
        }
        catch (Exception failure) when (failure is RaftException or TimeoutException or IOException)
        {
            await Console.Error.WriteLineAsync(CommandTable.OneLine($"raftkv bench: the run failed: {failure.Message}"));
            return ExitCodes.Failure;
        }
        finally
        {
            foreach (ChildProcess follower in followers)
            {
                follower.RequestStop();
            }

            foreach (ChildProcess follower in followers)
            {
                await follower.WaitAsync(StartPatience);
                follower.Dispose();
            }

            Clean(data);
        }
    }

    private void Clean(string data)
    {
        if (Directory.Exists(data))
        {
            Directory.Delete(data, recursive: true);
        }

        if (Directory.Exists(options.Data) && !Directory.EnumerateFileSystemEntries(options.Data).Any())
        {
            Directory.Delete(options.Data);
        }
    }

    private static async Task<Server> LocateAsync(ChildProcess follower, string id)
    {
        string? line = await follower.Output.ReadLineAsync().WaitAsync(StartPatience);
        return line is not null && line.StartsWith(BenchFollower.AddressPrefix, StringComparison.Ordinal)
            ? new Server(id, line[BenchFollower.AddressPrefix.Length..])
            : throw new IOException($"{id} did not start: {line ?? await follower.Errors.ReadToEndAsync()}");
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

    private async Task<string> MeasureAsync(RaftNode leader, List<ChildProcess> followers)
    {
        using var self = Process.GetCurrentProcess();
        Process[] processes = [self, .. followers.Select(f => f.Process)];
        byte[] command = new byte[options.PayloadBytes];
        Task load = Task.WhenAll(
            [
                .. Enumerable.Range(0, options.Concurrency).Select(_ => Task.Run(() => CallAsync(leader, command))),
                .. Enumerable.Range(0, options.Readers).Select(_ => Task.Run(() => ReadAsync(leader))),
            ]);
        await Task.WhenAny(load, Task.Delay(WarmUp));

        TimeSpan processorTime = ProcessFigures.ProcessorTime(processes);
        long allocated = GC.GetTotalAllocatedBytes();
        long started = Stopwatch.GetTimestamp();
        _isMeasuring = true;
        await Task.WhenAny(load, Task.Delay(TimeSpan.FromSeconds(options.Seconds)));
        _isMeasuring = false;
        TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
        processorTime = ProcessFigures.ProcessorTime(processes) - processorTime;
        allocated = GC.GetTotalAllocatedBytes() - allocated;
        _isOver = true;
        await load;
        return Line(elapsed, processorTime, allocated, ProcessFigures.PeakMebibytes(processes));
    }

    private async Task CallAsync(RaftNode leader, byte[] command)
    {
        while (!_isOver)
        {
            long started = Stopwatch.GetTimestamp();
            await leader.ApplyAsync(command);
            if (_isMeasuring)
            {
                _latencies.Record(Stopwatch.GetTimestamp() - started);
            }
        }
    }

    private async Task ReadAsync(RaftNode leader)
    {
        while (!_isOver)
        {
            long started = Stopwatch.GetTimestamp();
            await leader.ReadAsync(options.Consistency, static (BenchNode.CountingFsm fsm) => fsm.Count);
            if (_isMeasuring)
            {
                _readLatencies.Record(Stopwatch.GetTimestamp() - started);
            }
        }
    }

    private string Line(TimeSpan elapsed, TimeSpan processorTime, long allocated, double peakMebibytes)
    {
        long writes = _latencies.Count;
        long count = writes + _readLatencies.Count;
        var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteNumber("ops_s"u8, Math.Round(writes / elapsed.TotalSeconds));
            json.WriteNumber("p50_ms"u8, Milliseconds(_latencies, 0.5));
            json.WriteNumber("p99_ms"u8, Milliseconds(_latencies, 0.99));
            json.WriteNumber("p999_ms"u8, Milliseconds(_latencies, 0.999));
            json.WriteNumber("cpu_us_op"u8, Math.Round(processorTime.TotalMicroseconds / Math.Max(1, count), 2));
            json.WriteNumber("alloc_b_op"u8, Math.Round(allocated / (double)Math.Max(1, count)));
            json.WriteNumber("rss_mib"u8, Math.Round(peakMebibytes, 1));
            if (options.Readers > 0)
            {
                json.WriteNumber("reads_s"u8, Math.Round(_readLatencies.Count / elapsed.TotalSeconds));
                json.WriteNumber("read_p50_ms"u8, Milliseconds(_readLatencies, 0.5));
                json.WriteNumber("read_p99_ms"u8, Milliseconds(_readLatencies, 0.99));
                json.WriteString("read"u8, options.Consistency.ToString());
                json.WriteNumber("readers"u8, options.Readers);
            }

            json.WriteString("store"u8, options.Store);
            json.WriteNumber("concurrency"u8, options.Concurrency);
            json.WriteNumber("payload"u8, options.PayloadBytes);
            json.WriteNumber("seconds"u8, options.Seconds);
            json.WriteNumber("nodes"u8, options.Nodes);
            json.WriteBoolean("fsync"u8, options.Store != StoreNames.Memory);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }

    private static double Milliseconds(LatencyHistogram latencies, double share) =>
        Math.Round(latencies.Percentile(share) * 1000.0 / Stopwatch.Frequency, 3);
}
