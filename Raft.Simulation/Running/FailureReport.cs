using System.Text;

namespace Raft.Simulation.Running;

/// <summary>Tells a human about a seed that failed: what was drawn, the last events, all servers side by side.</summary>
internal static class FailureReport
{
    private const int LinesMax = 60;

    /// <summary>Runs the seed once more, with a trace, and tells about it.</summary>
    public static string Of<TFsm>(
        SeedResult failed, Func<TFsm> newFsm, SimulationWorkload<TFsm> workload, SimulationOptions options)
        where TFsm : class, IFsm
    {
        var lines = new Queue<string>();
        SeedResult again = new SeedRun<TFsm>(failed.Seed, newFsm, workload, options with
        {
            WatchPool = false,
            Trace = (at, line) =>
            {
                lines.Enqueue($"{at.TotalSeconds,12:0.000000} {line}");
                if (lines.Count > LinesMax)
                {
                    lines.Dequeue();
                }
            },
        }).Run();
        var text = new StringBuilder();
        text.Append("Seed ").Append(failed.Seed).Append(" (").Append(failed.Profile).Append(") failed after ")
            .Append(failed.Simulated.TotalSeconds).AppendLine(" simulated seconds.");
        text.Append(failed.BrokenRule).Append(": ").AppendLine(failed.Failure).AppendLine();
        text.Append("Drawn: ").AppendLine(failed.Drawn).AppendLine();
        text.AppendLine(failed.Servers).AppendLine();
        if (again.TraceHash != failed.TraceHash)
        {
            text.AppendLine("It ran differently the second time: something in it does not depend on the seed alone.");
            text.Append("Second time: ").AppendLine(again.Failure ?? "all held.");
        }

        text.AppendLine("Last events:");
        foreach (string line in lines)
        {
            text.AppendLine(line);
        }

        return text.ToString();
    }
}
