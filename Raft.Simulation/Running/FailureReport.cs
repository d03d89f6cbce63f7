using System.Text;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Running;

/// <summary>
/// Tells a human about a seed that failed, the most telling first: what is wrong, what to look for, how to see it
/// again, the states, the last calls of clients, and then what only one who knows Raft can read.
/// </summary>
internal static class FailureReport
{
    private const int EventsMax = 60;
    private const int CallsMax = 20;
    private const string OfClients = "client ";

    /// <summary>Runs the seed once more, with a trace, and tells about it.</summary>
    public static string Of<TFsm>(
        SeedResult failed, Func<TFsm> newFsm, SimulationWorkload<TFsm> workload, SimulationOptions options)
        where TFsm : class, IFsm
    {
        var calls = new Queue<string>();
        var events = new Queue<string>();
        var notes = new StateNotes();
        using TaskStartListener? listener = failed.FailureKind == FailureKind.Escape ? new TaskStartListener() : null;
        SeedResult again = new SeedRun<TFsm>(failed.Seed, newFsm, workload, options with
        {
            WatchPool = false,
            Notes = notes,
            Trace = (at, line) =>
            {
                bool isOfClient = line.StartsWith(OfClients, StringComparison.Ordinal);
                string text = $"{at.TotalSeconds,12:0.000000} {line.Split('\n')[0]}";
                Keep(isOfClient ? calls : events, isOfClient ? CallsMax : EventsMax, text);
            },
        }).Run();
        var text = new StringBuilder();
        text.AppendLine($"Seed {failed.Seed} failed: {failed.BrokenRule}.");
        text.AppendLine(again.Escape?.Kind > failed.Escape?.Kind ? again.Escape.ToString() : failed.Failure);
        text.AppendLine();
        text.AppendLine(FailureHint.Of(failed)).AppendLine();
        text.Append($"To run it again: {nameof(SeedRange)}.{nameof(SeedRange.One)}({failed.Seed}), the rest as it was. ");
        text.AppendLine(Comparison(failed, again)).AppendLine();
        if (notes.FirstDifference() is { } difference)
        {
            Section(text, $"The states after entry {difference.Index}:", difference.States);
        }

        Section(text, "The last calls of clients (>) and what became of them (<):", calls);
        string after = $"{failed.Simulated.TotalSeconds:0.000} simulated seconds";
        Section(text, $"The servers after {after}:", failed.Servers.Split('\n'));
        Section(text, "The last events:", events);
        Section(text, $"What the seed drew, in the profile {failed.Profile}:", failed.Drawn.Split('\n'));
        return text.ToString().TrimEnd();
    }

    private static string Comparison(SeedResult failed, SeedResult again)
    {
        if (again.TraceHash == failed.TraceHash && again.BrokenRule == failed.BrokenRule)
        {
            return "It was run again for this report, and failed in the same way.";
        }

        string other = again.Failure is null ? "nothing failed." : $"this failed: {again.BrokenRule}: {again.Failure}";
        return failed.FailureKind == FailureKind.Escape && again.FailureKind == FailureKind.Escape
            ? "It was run again for this report, and failed in the same way; it may not do so each time."
            : "When it was run again for this report, it went differently, so something in it depends on more than the seed: "
                + $"a clock, chance, a static field, a workload that is not new for each run. The second time {other}";
    }

    private static void Keep(Queue<string> lines, int max, string line)
    {
        lines.Enqueue(line);
        if (lines.Count > max)
        {
            lines.Dequeue();
        }
    }

    private static void Section(StringBuilder text, string title, IEnumerable<string> lines)
    {
        text.AppendLine(title);
        foreach (string line in lines)
        {
            text.Append("  ").AppendLine(line);
        }

        text.AppendLine();
    }
}
