using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Raft.Fsm.Sample.Kv;

namespace Raft.Tests.Sample;

/// <summary>A <c>raftkv</c> of its own process, as a user starts it. Killed when it is disposed.</summary>
internal sealed class RaftkvProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RaftkvProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Take(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Take(_errors, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Its number among the processes of the machine.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>What it wrote to standard output.</summary>
    public string Output => Text(_output);

    /// <summary>What it wrote to standard error.</summary>
    public string Errors => Text(_errors);

    /// <summary>Starts a node, or what else runs until it is stopped. Should the test run be cut short, it stops.</summary>
    public static RaftkvProcess Start(params IEnumerable<string> words) => Run(words.Append("--stop-with-input=on"));

    /// <summary>Starts a command that ends by itself.</summary>
    public static RaftkvProcess Run(params IEnumerable<string> words)
    {
        // The program beside the tests, run by the same runtime that runs them.
        string host = Path.Combine(
            RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
        var start = new ProcessStartInfo(Path.GetFullPath(host))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(typeof(KvFsm).Assembly.Location);
        foreach (string word in words)
        {
            start.ArgumentList.Add(word);
        }

        return new RaftkvProcess(new Process { StartInfo = start });
    }

    /// <summary>Waits for the ready line.</summary>
    public async Task ReadyAsync()
    {
        Task first = await Task.WhenAny(_ready.Task, _process.WaitForExitAsync()).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.That(first, Is.SameAs(_ready.Task), $"it ended instead of getting ready: {Errors}");
    }

    /// <summary>Ends it as a power cut would end the process: nothing of it runs any more.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks it to stop by SIGTERM.</summary>
    public async Task<int> TerminateAsync()
    {
        await SignalAsync("TERM");
        return await ExitAsync();
    }

    /// <summary>Sends it a signal.</summary>
    public async Task SignalAsync(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    private void Take(StringBuilder text, string? line)
    {
        if (line is null)
        {
            return;
        }

        // Written by the process's reader, read by the test.
        lock (text)
        {
            text.AppendLine(line);
        }

        if (line.Contains(" ready: ", StringComparison.Ordinal))
        {
            _ready.TrySetResult(line);
        }
    }
}
