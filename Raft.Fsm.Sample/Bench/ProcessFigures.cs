using System.Diagnostics;
using System.Globalization;

namespace Raft.Fsm.Sample.Bench;

/// <summary>What the processes of a run have used.</summary>
internal static class ProcessFigures
{
    /// <summary>User and system time of all, so far.</summary>
    public static TimeSpan ProcessorTime(IEnumerable<Process> processes)
    {
        TimeSpan total = TimeSpan.Zero;
        foreach (Process process in processes)
        {
            process.Refresh();
            total += process.TotalProcessorTime;
        }

        return total;
    }

    /// <summary>The most memory that one of them held at a time, in MiB.</summary>
    public static double PeakMebibytes(IEnumerable<Process> processes) =>
        processes.Max(static process => PeakBytes(process)) / 1048576.0;

    private static long PeakBytes(Process process)
    {
        string status = $"/proc/{process.Id}/status";
        if (File.Exists(status))
        {
            // "VmHWM:     12345 kB"
            string? line = File.ReadLines(status).FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            if (line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, string kibibytes, ..])
            {
                return long.Parse(kibibytes, CultureInfo.InvariantCulture) * 1024;
            }
        }

        process.Refresh();
        return process.PeakWorkingSet64;
    }
}
