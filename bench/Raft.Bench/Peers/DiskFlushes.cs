using System.Diagnostics;
using System.Globalization;

namespace Raft.Bench.Peers;

/// <summary>
/// How many flushes a second a disk was asked for, by the kernel's count: every fdatasync of whichever process is one. Linux alone counts them.
/// </summary>
internal sealed class DiskFlushes
{
    private const int MountPointField = 4;
    private const int DeviceField = 2;
    private const int FlushesField = 18;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly string _device;
    private readonly List<(TimeSpan At, long Count)> _samples = [];

    private DiskFlushes(string device) => _device = device;

    /// <summary>Counts those of a directory's disk.</summary>
    /// <returns>The count; null where the system has none.</returns>
    public static DiskFlushes? Of(string directory)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)) + '/';
        string[]? mount = File.ReadLines("/proc/self/mountinfo")
            .Select(line => line.Split(' '))
            .Where(fields => path.StartsWith(fields[MountPointField].TrimEnd('/') + '/', StringComparison.Ordinal))
            .MaxBy(fields => fields[MountPointField].Length);
        return mount is null ? null : new DiskFlushes(mount[DeviceField]);
    }

    /// <summary>Counts until something is over.</summary>
    /// <returns>Flushes a second in the time before its end, its last moment left out.</returns>
    /// <param name="over">What is waited for.</param>
    /// <param name="time">How long that time is.</param>
    public async Task<double> RateAsync(Task over, TimeSpan time)
    {
        _samples.Clear();
        long began = Stopwatch.GetTimestamp();
        while (!over.IsCompleted)
        {
            _samples.Add((Stopwatch.GetElapsedTime(began), Read()));
            await Task.WhenAny(over, Task.Delay(Pause));
        }

        (TimeSpan At, long Count) last = _samples[Math.Max(0, _samples.Count - 3)];
        (TimeSpan At, long Count) first = _samples.Find(s => s.At >= last.At - time);
        return last.At > first.At ? (last.Count - first.Count) / (last.At - first.At).TotalSeconds : 0;
    }

    private long Read()
    {
        string[] numbers = _device.Split(':');
        string[]? fields = File.ReadLines("/proc/diskstats")
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(f => f[0] == numbers[0] && f[1] == numbers[1]);
        return fields?.Length > FlushesField ? long.Parse(fields[FlushesField], CultureInfo.InvariantCulture) : 0;
    }
}
