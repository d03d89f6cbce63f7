using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Raft.Bench.Peers;

/// <summary>A program that measures itself and prints one line of JSON, as <c>raftkv bench</c> does.</summary>
/// <param name="Name">What it is called in the table.</param>
/// <param name="Command">The program, and words that every run of it is given.</param>
internal sealed record Contender(string Name, IReadOnlyList<string> Command)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Reads <c>NAME=PROGRAM WORD WORD</c>.</summary>
    public static Contender Parse(string text)
    {
        int at = text.IndexOf('=', StringComparison.Ordinal);
        string[] words = text[(at + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return at > 0 && words.Length > 0
            ? new Contender(text[..at], words)
            : throw new ArgumentException($"'{text}' is no contender; give NAME=PROGRAM, with words for it behind");
    }

    /// <summary>Runs it once.</summary>
    /// <param name="data">Where its stores live.</param>
    /// <param name="seconds">How long it measures.</param>
    /// <param name="words">What else it is told.</param>
    /// <returns>The numbers that it printed, by their names, and <c>flushes_s</c> of the disk.</returns>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it said.</exception>
    public async Task<IReadOnlyDictionary<string, double>> RunAsync(string data, int seconds, params IEnumerable<string> words)
    {
        var start = new ProcessStartInfo(Command[0])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string word in Command.Skip(1).Concat(words).Concat(["--data", data, "--seconds", Word(seconds)]))
        {
            start.ArgumentList.Add(word);
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task over = process.WaitForExitAsync().WaitAsync(Patience);
        double flushes = DiskFlushes.Of(data) is { } counter ? await counter.RateAsync(over, TimeSpan.FromSeconds(seconds)) : 0;
        await over;
        string? line = (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault();
        if (process.ExitCode != 0 || line is null)
        {
            throw new InvalidOperationException($"{Name} ended with {process.ExitCode}: {await errors}");
        }

        using JsonDocument document = JsonDocument.Parse(line);
        var figures = document.RootElement.EnumerateObject()
            .Where(m => m.Value.ValueKind == JsonValueKind.Number)
            .ToDictionary(m => m.Name, m => m.Value.GetDouble(), StringComparer.Ordinal);
        figures["flushes_s"] = flushes;
        return figures;
    }

    /// <summary>A number as a word of a command line.</summary>
    public static string Word(int number) => number.ToString(CultureInfo.InvariantCulture);
}
