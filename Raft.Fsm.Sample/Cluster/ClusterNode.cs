using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Cluster;

/// <summary>One node of a development cluster: its process, and what it says.</summary>
internal sealed class ClusterNode : IDisposable
{
    // The library's event ids of role changes: follows, campaigns, leads.
    private const int FirstRoleEvent = 200;
    private const int LastRoleEvent = 202;

    private readonly ChildProcess _child;
    private readonly TextWriter _output;
    private readonly TextWriter _errors;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _lastLine;
    private string? _lastRole;

    private ClusterNode(string id, ChildProcess child, TextWriter output, TextWriter errors)
    {
        Id = id;
        _child = child;
        _output = output;
        _errors = errors;
        Ended = RunAsync();
    }

    /// <summary>The node's name.</summary>
    public string Id { get; }

    /// <summary>Completes when it serves clients.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Completes with its exit code when it has ended.</summary>
    public Task<int> Ended { get; }

    /// <summary>What it said last on standard error outside the log: why it ended, where it had to.</summary>
    public string? LastLine => _lastLine;

    /// <summary>Starts a node.</summary>
    public static ClusterNode Start(ClusterOptions options, int number, TextWriter output, TextWriter errors) => new(
        ClusterOptions.Id(number),
        ChildProcess.Start(
            "node", $"--id={ClusterOptions.Id(number)}", $"--raft={options.RaftAddress(number)}",
            $"--http={options.HttpAddress(number)}", $"--data={options.Directory(number)}", $"--peers={options.Peers}",
            $"--store={options.Store}", "--stop-with-input=on"),
        output, errors);

    /// <summary>Stops it.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        _child.RequestStop();
        await _child.WaitAsync(patience);
        await Ended;
    }

    public void Dispose() => _child.Dispose();

    private async Task<int> RunAsync()
    {
        await Task.WhenAll(ReadOutputAsync(), ReadErrorsAsync());
        await _child.Process.WaitForExitAsync();
        return _child.Process.ExitCode;
    }

    private async Task ReadOutputAsync()
    {
        while (await _child.Output.ReadLineAsync() is { } line)
        {
            if (line.StartsWith($"raftkv node {Id} ready:", StringComparison.Ordinal))
            {
                _ready.TrySetResult();
            }
        }
    }

    /// <summary>A node that campaigns in vain follows again and again in the same term: that is no change.</summary>
    private async Task ReportRoleAsync(string message)
    {
        string role = message.Split(':')[0];
        if (role != _lastRole)
        {
            _lastRole = role;
            await _output.WriteLineAsync(message);
        }
    }

    private async Task ReadErrorsAsync()
    {
        while (await _child.Errors.ReadLineAsync() is { } text)
        {
            LineLog.Line? line = LineLog.Line.Parse(text);
            if (line is null)
            {
                _lastLine = text;
            }
            else if (line.Level >= LogLevel.Warning)
            {
                await _errors.WriteLineAsync($"{line.Level.ToString().ToLowerInvariant()}: {line.Message}");
            }
            else if (line is { Category: "Raft", EventId: >= FirstRoleEvent and <= LastRoleEvent })
            {
                await ReportRoleAsync(line.Message);
            }
        }
    }
}
