using System.Diagnostics;
using System.Runtime.InteropServices;
using Raft.Fsm.Sample.Kv;

namespace Raftchaos.Cluster;

/// <summary>One <c>raftkv node</c> of its own process that can be killed, paused and started again over its data.</summary>
/// <param name="number">Its number, from 0.</param>
/// <param name="words">The command line.</param>
/// <param name="logFile">Where its log lines go, of all its lives.</param>
internal sealed class ChaosNode(int number, IReadOnlyList<string> words, string logFile) : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private Process? _process;

    /// <summary>Its id in the cluster.</summary>
    public string Id => $"n{number + 1}";

    /// <summary>Whether its process is there, paused or not.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Whether it was stopped by <see cref="Pause"/>.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>The number of its process.</summary>
    public int ProcessId => _process!.Id;

    /// <summary>The exit code of its last life; null while it runs.</summary>
    public int? ExitCode => _process is { HasExited: true } ended ? ended.ExitCode : null;

    /// <summary>When the node said that it is ready, in its present life; on <see cref="Stopwatch"/>'s clock.</summary>
    public long ReadyAt { get; private set; }

    /// <summary>Starts it and waits until it is ready.</summary>
    /// <exception cref="ChaosException">It ended instead, or was not ready within a minute.</exception>
    public async Task StartAsync()
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string runtime = RuntimeEnvironment.GetRuntimeDirectory();
        var start = new ProcessStartInfo(Path.GetFullPath(Path.Combine(runtime, "..", "..", "..", "dotnet")))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string word in words.Prepend(typeof(KvFsm).Assembly.Location).Append("--stop-with-input=on"))
        {
            start.ArgumentList.Add(word);
        }

        _process?.Dispose();
        _process = new Process { StartInfo = start };
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.OutputDataReceived += (_, line) =>
        {
            Note(line.Data);
            if (line.Data?.Contains(" ready: ", StringComparison.Ordinal) == true)
            {
                ReadyAt = Stopwatch.GetTimestamp();
                ready.TrySetResult();
            }
        };
        _process.Start();
        IsPaused = false;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        await Task.WhenAny(ready.Task, _process.WaitForExitAsync(), Task.Delay(StartTime));
        if (!ready.Task.IsCompleted)
        {
            throw new ChaosException(
                _process.HasExited ? $"{Id} ended with {_process.ExitCode} instead of getting ready; see {logFile}"
                    : $"{Id} is not ready after {StartTime.TotalSeconds} s; see {logFile}");
        }
    }

    /// <summary>Ends it by SIGKILL, also where it is paused.</summary>
    public async Task KillAsync()
    {
        if (IsRunning)
        {
            Signals.Send(ProcessId, Signals.Kill);
            await _process!.WaitForExitAsync();
        }
    }

    /// <summary>Lets it run no further, its connections and ports open.</summary>
    public void Pause()
    {
        Signals.Send(ProcessId, Signals.Stop);
        IsPaused = true;
    }

    /// <summary>Lets it run on.</summary>
    public void Resume()
    {
        Signals.Send(ProcessId, Signals.Continue);
        IsPaused = false;
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code; null where it still runs after that time.</returns>
    public async Task<int?> ExitAsync(TimeSpan within)
    {
        await Task.WhenAny(_process!.WaitForExitAsync(), Task.Delay(within));
        return ExitCode;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
        _process = null;
    }

    private void Note(string? line)
    {
        if (line is not null)
        {
            lock (_gate)
            {
                File.AppendAllText(logFile, line + "\n");
            }
        }
    }
}
