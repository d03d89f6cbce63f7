using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace Raft.Bench.Stores;

/// <summary>One measurement of one store, in a process of its own so that neither memory nor caches are shared.</summary>
internal static class StoreMeasurement
{
    public const string CommandName = "store";

    private const int EntryBytes = 128;
    private const int LogBatch = 256;
    private const ulong Dropped = 100_000;

    /// <summary>The command by which <see cref="StoresCommand"/> starts a measurement.</summary>
    public static Command CreateCommand()
    {
        var store = new Argument<string>("STORE");
        var directory = new Argument<string>("DIRECTORY");
        var batch = new Argument<int>("BATCH") { Description = "entries in one append; 0 for a log that is filled, reopened and cut" };
        var much = new Argument<double>("MUCH") { Description = "for how many seconds, or how many entries that log has" };
        var command = new Command(CommandName, "One measurement, as the command \"stores\" starts it; prints its figures in one line.")
        {
            store, directory, batch, much,
        };
        command.SetAction(async (parsed, _) =>
        {
            string name = parsed.GetValue(store)!;
            string place = parsed.GetValue(directory)!;
            int size = parsed.GetValue(batch);
            Console.WriteLine(size == 0
                ? await LogAsync(name, place, (ulong)parsed.GetValue(much))
                : await AppendAsync(name, place, size, TimeSpan.FromSeconds(parsed.GetValue(much))));
        });
        return command;
    }

    /// <summary>Appends for a time, each append durable before the next: entries a second, and microseconds an append.</summary>
    private static async Task<string> AppendAsync(string name, string directory, int batch, TimeSpan time)
    {
        await using OpenStore store = await OpenStore.OpenAsync(name, directory);
        ulong next = 1;
        for (var warmUp = Stopwatch.StartNew(); warmUp.Elapsed < time / 4;)
        {
            await store.Log.AppendAsync(Entries.Append(next, batch, EntryBytes));
            next += (ulong)batch;
        }

        var latencies = new List<double>();
        ulong first = next;
        TimeSpan inAppend = TimeSpan.Zero;
        while (inAppend < time)
        {
            LogAppend append = Entries.Append(next, batch, EntryBytes);
            long begun = Stopwatch.GetTimestamp();
            await store.Log.AppendAsync(append);
            TimeSpan taken = Stopwatch.GetElapsedTime(begun);
            inAppend += taken;
            latencies.Add(taken.TotalMicroseconds);
            next += (ulong)batch;
        }

        latencies.Sort();
        return Line((next - first) / inAppend.TotalSeconds, At(0.5), At(0.99), At(0.999));

        double At(double share) => latencies[(int)((latencies.Count - 1) * share)];
    }

    /// <summary>
    /// Loads so many entries; then, opened anew: milliseconds to open, MiB of memory, milliseconds to read them all, to drop the first and
    /// the last 100,000, and MiB on disk.
    /// </summary>
    private static async Task<string> LogAsync(string name, string directory, ulong count)
    {
        if (!Directory.Exists(directory))
        {
            await using OpenStore filled = await OpenStore.OpenAsync(name, directory);
            long loading = Stopwatch.GetTimestamp();
            for (ulong next = 1; next <= count; next += LogBatch)
            {
                await filled.Log.AppendAsync(Entries.Append(next, (int)Math.Min(LogBatch, count + 1 - next), EntryBytes));
            }

            return Line(Stopwatch.GetElapsedTime(loading).TotalMilliseconds);
        }

        long begun = Stopwatch.GetTimestamp();
        await using OpenStore store = await OpenStore.OpenAsync(name, directory);
        double open = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        double memory = Environment.WorkingSet / 1048576.0;

        begun = Stopwatch.GetTimestamp();
        for (ulong next = 1; next <= count;)
        {
            next = (await store.Log.ReadAsync(next, count, 1 << 20)).LastIndex + 1;
        }

        double read = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        begun = Stopwatch.GetTimestamp();
        await store.Log.TruncatePrefixAsync(Dropped);
        double prefix = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        begun = Stopwatch.GetTimestamp();
        await store.Log.TruncateSuffixAsync(count - Dropped + 1);
        double suffix = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        double disk = new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) / 1048576.0;
        return Line(open, memory, read, prefix, suffix, disk, Environment.WorkingSet / 1048576.0);
    }

    private static string Line(params double[] figures) =>
        string.Join(' ', figures.Select(figure => figure.ToString("0.0", CultureInfo.InvariantCulture)));
}
