using System.Diagnostics;
using System.Reflection;

namespace Raft.Fsm.Sample.Cluster;

/// <summary>
/// A process of this same program that lives no longer than ours: its standard input is ours to close, and the system
/// closes it when we are gone, in whatever way.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    /// <summary>The process.</summary>
    public Process Process => _process;

    /// <summary>Its standard output.</summary>
    public StreamReader Output => _process.StandardOutput;

    /// <summary>Its standard error.</summary>
    public StreamReader Errors => _process.StandardError;

    /// <summary>Starts a process.</summary>
    /// <param name="words">Its command line.</param>
    public static ChildProcess Start(params IEnumerable<string> words)
    {
        string program = Environment.ProcessPath ?? throw new InvalidOperationException("This process has no path.");
        var start = new ProcessStartInfo(program)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string own = Assembly.GetExecutingAssembly().Location;
        if (!Path.GetFileNameWithoutExtension(program).Equals(Path.GetFileNameWithoutExtension(own), StringComparison.Ordinal))
        {
            // Run by `dotnet raftkv.dll`, or from a test host: the program is a host for the assembly.
            start.ArgumentList.Add(own);
        }

        foreach (string word in words)
        {
            start.ArgumentList.Add(word);
        }

        return new ChildProcess(Process.Start(start)!);
    }

    /// <summary>Asks the process to stop.</summary>
    public void RequestStop()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It is gone already.
        }
    }

    /// <summary>Waits for its end, and ends it by force where it does not come.</summary>
    public async Task<int> WaitAsync(TimeSpan patience)
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        return _process.ExitCode;
    }

    public void Dispose() => _process.Dispose();
}
