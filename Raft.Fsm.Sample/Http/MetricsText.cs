using System.Text;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Http;

/// <summary>The figures of a node in the text form that Prometheus reads.</summary>
internal static class MetricsText
{
    /// <summary>Writes the figures.</summary>
    public static string Of(RaftStatus status, KvNode node)
    {
        var text = new StringBuilder();
        Head(text, "raft_state", "gauge", "1 for the role the node plays");
        foreach (RaftState state in Enum.GetValues<RaftState>())
        {
            text.Append($"raft_state{{state=\"{state}\"}} {(status.State == state ? 1 : 0)}\n");
        }

        Gauge(text, "raft_term", "the current term", status.Term);
        Gauge(text, "raft_has_leader", "whether a leader is known", status.LeaderId.IsEmpty ? 0UL : 1);
        Gauge(text, "raft_last_log_index", "the index of the last entry", status.LastLogIndex);
        Gauge(text, "raft_commit_index", "the highest index known to be committed", status.CommitIndex);
        Gauge(text, "raft_applied_index", "the highest index the state machine has taken", status.AppliedIndex);
        Gauge(text, "raft_fsm_pending", "committed entries on their way to the state machine", status.FsmPending);
        Gauge(text, "raft_last_snapshot_index", "the index that the newest snapshot covers; 0 without one", status.LastSnapshotIndex);
        Gauge(text, "raft_servers", "members of the cluster", (ulong)status.Configuration.Servers.Length);
        Gauge(text, "raft_voters", "members that vote", (ulong)status.Configuration.VoterCount);
        Gauge(text, "raftkv_keys", "keys with a value", (ulong)node.Fsm.Count);
        if (status.Followers.Count > 0)
        {
            Head(text, "raft_follower_match_index", "gauge", "the highest index known to stand in a follower's log");
            foreach (FollowerStatus follower in status.Followers)
            {
                text.Append($"raft_follower_match_index{{id=\"{Label(follower.Id)}\"}} {follower.MatchIndex}\n");
            }
        }

        Head(text, "raftkv_requests_total", "counter", "requests answered, by status");
        foreach ((int code, long count) in node.Counts.ByStatus())
        {
            text.Append($"raftkv_requests_total{{code=\"{code}\"}} {count}\n");
        }

        Head(text, "raftkv_forwarded_total", "counter", "requests that the leader answered for this node");
        text.Append($"raftkv_forwarded_total {node.Counts.Forwarded}\n");
        return text.ToString();
    }

    private static void Gauge(StringBuilder text, string name, string help, ulong value)
    {
        Head(text, name, "gauge", help);
        text.Append($"{name} {value}\n");
    }

    private static void Head(StringBuilder text, string name, string type, string help) =>
        text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static string Label(ServerId id) =>
        id.ToString().Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");
}
