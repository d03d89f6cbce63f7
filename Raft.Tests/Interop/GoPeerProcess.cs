using System.Diagnostics;
using System.Text;

namespace Raft.Tests.Interop;

/// <summary>One hashicorp/raft server of its own process. Killed when it is disposed.</summary>
internal sealed class GoPeerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private GoPeerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.StartsWith("READY ", StringComparison.Ordinal) == true)
            {
                _ready.TrySetResult(line.Data);
            }
        };
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.AppendLine(line.Data);
            }
        };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What it logged.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    /// <summary>Starts it, and waits until it listens.</summary>
    public static async Task<GoPeerProcess> StartAsync(params IEnumerable<string> words)
    {
        var start = new ProcessStartInfo(GoPeerRequired.Program)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string word in words)
        {
            start.ArgumentList.Add(word);
        }

        var peer = new GoPeerProcess(new Process { StartInfo = start });
        Task first = await Task.WhenAny(peer._ready.Task, peer._process.WaitForExitAsync()).WaitAsync(StartMax);
        Assert.That(first, Is.SameAs(peer._ready.Task), $"it ended instead of getting ready: {peer.Errors}");
        return peer;
    }

    /// <summary>Ends it as a power cut would end the process.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks it to stop by SIGTERM, and waits for its end.</summary>
    public async Task TerminateAsync()
    {
        using Process kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().WaitAsync(StartMax);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }
}
