using System.Globalization;

namespace Raftchaos.Cluster;

/// <summary>What a process takes of its machine. Linux alone tells it.</summary>
/// <param name="ResidentBytes">Memory that it occupies.</param>
/// <param name="Handles">Open files and sockets.</param>
/// <param name="Threads">Threads.</param>
internal sealed record NodeFigures(long ResidentBytes, int Handles, int Threads)
{
    /// <summary>Reads them.</summary>
    /// <returns>The figures; null where the process has ended.</returns>
    public static NodeFigures? Of(int process)
    {
        try
        {
            string[] status = File.ReadAllLines($"/proc/{process}/status");
            return new NodeFigures(
                Number(status, "VmRSS:") * 1024,
                Directory.GetFileSystemEntries($"/proc/{process}/fd").Length,
                (int)Number(status, "Threads:"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long Number(string[] status, string name)
    {
        string line = Array.Find(status, l => l.StartsWith(name, StringComparison.Ordinal)) ?? $"{name} 0";
        return long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
    }
}
