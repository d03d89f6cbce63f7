using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Bench;

/// <summary>
/// <c>raftkv bench</c>: this process leads and makes the load by <see cref="RaftNode.ApplyAsync"/> and
/// <see cref="RaftNode.ReadAsync"/>; each follower is a process of its own on the loopback. Prints one line of JSON.
/// </summary>
internal sealed class BenchRun(BenchOptions options)
{
    private readonly LatencyHistogram _latencies = new();
    private readonly LatencyHistogram _readLatencies = new();
    private volatile bool _isMeasuring;
    private volatile bool _isOver;

    /// <summary>Runs what was asked for, one line for each.</summary>
    public static async Task<int> RunAsync(BenchOptions options, TextWriter output)
    {
        foreach (BenchOptions run in options.Runs)
        {
            if (await new BenchRun(run).RunAsync(output) is not ExitCodes.Success and var failed)
            {
                return failed;
            }
        }

        return ExitCodes.Success;
    }

    /// <summary>Runs the benchmark.</summary>
    public async Task<int> RunAsync(TextWriter output)
    {
        try
        {
            await output.WriteLineAsync(options.Mode switch
            {
                BenchMode.CatchUp => Line(await CatchUpRun.RunAsync(options)),
                BenchMode.Snapshot => Line(await SnapshotRun.RunAsync(options)),
                BenchMode.Load => Line(await MeasureLoadAsync()),
                _ => Line(await MeasureCommandsAsync()),
            });
            return ExitCodes.Success;
        }
        catch (Exception failure) when (failure is RaftException or TimeoutException or IOException)
        {
            await Console.Error.WriteLineAsync(CommandTable.OneLine($"raftkv bench: the run failed: {failure.Message}"));
            return ExitCodes.Failure;
        }
    }

    private async Task<IReadOnlyDictionary<string, double>> MeasureCommandsAsync()
    {
        await using BenchCluster cluster = await BenchCluster.StartAsync(options, options.Nodes);
        RaftNode leader = cluster.Leader.Raft;
        byte[] command = new byte[options.PayloadBytes];
        return await MeasureAsync(
            cluster.Processes,
            [
                .. Enumerable.Range(0, options.Concurrency).Select(_ => Task.Run(() => CallAsync(() => leader.ApplyAsync(command)))),
                .. Enumerable.Range(0, options.Readers).Select(_ => Task.Run(() => ReadAsync(leader))),
            ]);
    }

    private async Task<IReadOnlyDictionary<string, double>> MeasureLoadAsync()
    {
        await using var echo = new Echo();
        return await MeasureAsync(
            [Process.GetCurrentProcess()],
            [.. Enumerable.Range(0, options.Concurrency).Select(_ => Task.Run(() => CallAsync(echo.ApplyAsync)))]);
    }

    private async Task<IReadOnlyDictionary<string, double>> MeasureAsync(IReadOnlyList<Process> processes, Task[] callers)
    {
        Task load = Task.WhenAll(callers);
        await Task.WhenAny(load, Task.Delay(TimeSpan.FromSeconds(options.WarmUpSeconds)));

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
        return Figures(elapsed, processorTime, allocated, ProcessFigures.PeakMebibytes(processes));
    }

    private async Task CallAsync(Func<ValueTask<ApplyResult>> apply)
    {
        while (!_isOver)
        {
            long started = Stopwatch.GetTimestamp();
            await apply();
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

    private Dictionary<string, double> Figures(TimeSpan elapsed, TimeSpan processorTime, long allocated, double peakMebibytes)
    {
        long count = _latencies.Count + _readLatencies.Count;
        var figures = new Dictionary<string, double>
        {
            ["ops_s"] = Math.Round(_latencies.Count / elapsed.TotalSeconds),
            ["p50_ms"] = LoadMaker.Milliseconds(_latencies, 0.5),
            ["p99_ms"] = LoadMaker.Milliseconds(_latencies, 0.99),
            ["p999_ms"] = LoadMaker.Milliseconds(_latencies, 0.999),
            ["cpu_us_op"] = Math.Round(processorTime.TotalMicroseconds / Math.Max(1, count), 2),
            ["alloc_b_op"] = Math.Round(allocated / (double)Math.Max(1, count)),
            ["rss_mib"] = Math.Round(peakMebibytes, 1),
        };
        if (options.Readers > 0)
        {
            figures["reads_s"] = Math.Round(_readLatencies.Count / elapsed.TotalSeconds);
            figures["read_p50_ms"] = LoadMaker.Milliseconds(_readLatencies, 0.5);
            figures["read_p99_ms"] = LoadMaker.Milliseconds(_readLatencies, 0.99);
        }

        return figures;
    }

    private string Line(IReadOnlyDictionary<string, double> figures)
    {
        var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            foreach ((string name, double value) in figures)
            {
                json.WriteNumber(name, value);
            }

            if (options.Readers > 0)
            {
                json.WriteString("read"u8, options.Consistency.ToString());
                json.WriteNumber("readers"u8, options.Readers);
            }

            json.WriteString("store"u8, options.Store);
            json.WriteNumber("concurrency"u8, options.Concurrency);
            json.WriteNumber("payload"u8, options.PayloadBytes);
            json.WriteNumber("seconds"u8, options.Seconds);
            json.WriteNumber("nodes"u8, options.Nodes);
            json.WriteBoolean("fsync"u8, options.Store != StoreNames.Memory);
            json.WriteBoolean("tls"u8, options.HasTls == true);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }
}
