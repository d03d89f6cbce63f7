using System.Globalization;
using System.Text;
using System.Text.Json;
using Raft.Simulation;
using Raft.Simulation.Running;

namespace Raftsim;

/// <summary>The last line: what was run, as JSON.</summary>
internal static class ClosingLine
{
    /// <summary>Writes the line.</summary>
    public static string Of(
        SimulationReport report, IReadOnlyDictionary<SimulationProfile, ProfileCoverage> seen, TimeSpan real, TimeSpan cpu)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("seeds", report.Seeds);
            json.WriteNumber("simulated_seconds", Math.Round(report.Simulated.TotalSeconds));
            json.WriteNumber("events", report.Events);
            json.WriteNumber("events_s", Math.Round(report.Events / real.TotalSeconds));
            json.WriteNumber("violations", Count(report, FailureKind.Violation));
            json.WriteNumber("illegal", Count(report, FailureKind.Illegal));
            json.WriteNumber("unknown", Count(report, FailureKind.Undecided));
            json.WriteNumber("escapes", Count(report, FailureKind.Escape));
            json.WriteNumber("elections", report.Elections);
            json.WriteNumber("acked", report.Acknowledged);
            json.WriteNumber("real_seconds", Math.Round(real.TotalSeconds, 1));
            json.WriteNumber("cpu_seconds", Math.Round(cpu.TotalSeconds, 1));
            json.WriteNumber("times_real_time_per_core", Math.Round(report.Simulated / cpu));
            json.WriteString("trace_hash", report.TraceHash.ToString("x16", CultureInfo.InvariantCulture));
            WriteCoverage(json, seen);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static int Count(SimulationReport report, FailureKind kind) => report.Failures.Count(f => f.FailureKind == kind);

    /// <summary>The share of the seeds that had each happening, among the profiles in which it can be.</summary>
    private static void WriteCoverage(Utf8JsonWriter json, IReadOnlyDictionary<SimulationProfile, ProfileCoverage> seen)
    {
        json.WriteStartObject("coverage");
        foreach (Happening what in Enum.GetValues<Happening>())
        {
            ProfileCoverage[] profiles = [.. seen.Where(p => what.IsPartOf(p.Key)).Select(p => p.Value)];
            int seeds = profiles.Sum(p => p.Seeds);
            if (seeds > 0)
            {
                json.WriteNumber(
                    JsonNamingPolicy.SnakeCaseLower.ConvertName(what.ToString()),
                    Math.Round((double)profiles.Sum(p => p[what]) / seeds, 3));
            }
        }

        json.WriteEndObject();
    }
}
