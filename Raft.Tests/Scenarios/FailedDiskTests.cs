using System.Diagnostics;
using System.Globalization;
using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>A real node whose disk fails: strace lets every fdatasync of it answer EIO from some moment on.</summary>
[Platform("Linux")]
public sealed class FailedDiskTests
{
    [TestCase(true)]
    [TestCase(false)]
    [Reference("b09")]
    public async Task A_node_whose_disk_fails_stops_by_itself_and_the_others_go_on(bool isLeader)
    {
        using var directory = new TemporaryDirectory();
        await using var cluster = new ProcessCluster();
        await cluster.StartAllAsync();
        int leader = await cluster.LeaderAsync();
        int failing = isLeader ? leader : (leader + 1) % 3;
        int[] others = [.. Enumerable.Range(0, 3).Where(n => n != failing)];
        await using var writers = new Writers(cluster, 4, 0, 1, 2);
        await writers.MoreAsync(50);
        string trace = directory.File("trace");
        using Process? strace = Attach(cluster.ProcessId(failing), trace);
        if (strace is null)
        {
            Assert.Ignore("strace is missing, so no fault can be injected");
        }

        await Task.WhenAny(strace.WaitForExitAsync(), Task.Delay(TimeSpan.FromSeconds(30)));
        if (!File.Exists(trace) || !File.ReadAllText(trace).Contains("INJECTED", StringComparison.Ordinal))
        {
            Assert.Ignore($"strace may not trace here: {await strace.StandardError.ReadToEndAsync()}");
        }

        int exit = await cluster.ExitAsync(failing);
        await writers.MoreAsync(100);
        await writers.AssertAllThereAsync(others);
        Assert.That(exit, Is.EqualTo(4), cluster.Errors(failing));
        Assert.That(cluster.Errors(failing), Does.Contain("had to stop").And.Contain("refused a write"));
        await TestContext.Out.WriteLineAsync($"stopped {Took(trace):0.000} s after its first failed sync");
    }

    private static Process? Attach(int process, string trace)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("strace",
            [
                "-f", "-ttt", "-o", trace, "-e", "trace=fdatasync,exit_group", "-e", "inject=fdatasync:error=EIO", "-p",
                process.ToString(CultureInfo.InvariantCulture),
            ])
            {
                UseShellExecute = false,
                RedirectStandardError = true,
            });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>From the first failed sync to the end of the process.</summary>
    private static double Took(string trace)
    {
        string[] lines = File.ReadAllLines(trace);
        return At(lines[^1]) - At(lines.First(static l => l.Contains("INJECTED", StringComparison.Ordinal)));

        static double At(string line) => double.Parse(
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
