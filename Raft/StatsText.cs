using System.Globalization;
using System.Text;

namespace Raft;

/// <summary>A status as hashicorp/raft's <c>Stats</c> words it. Pure.</summary>
internal static class StatsText
{
    private const long TicksPerMicrosecond = TimeSpan.TicksPerMillisecond / 1000;

    /// <summary>The values by their names.</summary>
    public static IReadOnlyDictionary<string, string> Of(RaftStatus status) => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["state"] = status.State.ToString(),
        ["term"] = Text(status.Term),
        ["last_log_index"] = Text(status.LastLogIndex),
        ["last_log_term"] = Text(status.LastLogTerm),
        ["commit_index"] = Text(status.CommitIndex),
        ["applied_index"] = Text(status.AppliedIndex),
        ["fsm_pending"] = Text(status.FsmPending),
        ["last_snapshot_index"] = Text(status.LastSnapshotIndex),
        ["last_snapshot_term"] = Text(status.LastSnapshotTerm),
        ["protocol_version"] = Text((ulong)status.ProtocolVersion),
        ["protocol_version_min"] = Text(RaftConfig.ProtocolVersionMin),
        ["protocol_version_max"] = Text(RaftConfig.ProtocolVersionMax),
        ["snapshot_version_min"] = "0",
        ["snapshot_version_max"] = "1",
        ["latest_configuration"] = Text(status.Configuration),
        ["latest_configuration_index"] = Text(status.ConfigurationIndex),
        ["last_contact"] = status.State == RaftState.Leader ? "0"
            : status.LastContact is { } contact ? Duration(contact) : "never",
        ["num_peers"] = Text(status.Configuration.IsVoter(status.Id) ? (ulong)status.Configuration.VoterCount - 1 : 0),
    };

    /// <summary>A duration in Go's form: hours, minutes and seconds from a second on, below it one unit with its fraction.</summary>
    internal static string Duration(TimeSpan duration)
    {
        long ticks = duration.Ticks;
        return ticks switch
        {
            0 => "0s",
            < 0 => "-" + Duration(-duration),
            < TicksPerMicrosecond => Text((ulong)ticks * 100) + "ns",
            < TimeSpan.TicksPerMillisecond => Text((decimal)ticks / TicksPerMicrosecond) + "µs",
            < TimeSpan.TicksPerSecond => Text((decimal)ticks / TimeSpan.TicksPerMillisecond) + "ms",
            _ => LongDuration(ticks),
        };
    }

    private static string LongDuration(long ticks)
    {
        var text = new StringBuilder();
        long hours = ticks / TimeSpan.TicksPerHour;
        long minutes = ticks % TimeSpan.TicksPerHour / TimeSpan.TicksPerMinute;
        if (hours > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{hours}h");
        }

        if (hours > 0 || minutes > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{minutes}m");
        }

        return text.Append(Text((decimal)(ticks % TimeSpan.TicksPerMinute) / TimeSpan.TicksPerSecond)).Append('s').ToString();
    }

    private static string Text(ClusterConfiguration configuration) =>
        $"[{string.Join(' ', configuration.Servers.Select(s => $"{{Suffrage:{s.Suffrage} ID:{s.Id} Address:{s.Address}}}"))}]";

    private static string Text(ulong value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(decimal value) => value.ToString("0.#######", CultureInfo.InvariantCulture);
}
