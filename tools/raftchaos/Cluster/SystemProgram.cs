using System.ComponentModel;
using System.Diagnostics;

namespace Raftchaos.Cluster;

/// <summary>Programs of the system that do what a process may not do itself: mount, trace.</summary>
internal static class SystemProgram
{
    /// <summary>Starts one, its words on standard error to be read.</summary>
    /// <exception cref="ChaosException">It is not there.</exception>
    public static Process Start(string name, params string[] words)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(name, words) { UseShellExecute = false, RedirectStandardError = true })!;
        }
        catch (Win32Exception)
        {
            throw new ChaosException($"{name} is not there; install it");
        }
    }

    /// <summary>Runs one to its end.</summary>
    /// <returns>Its exit code.</returns>
    public static async Task<int> RunAsync(string name, params string[] words)
    {
        using Process process = Start(name, words);
        await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
