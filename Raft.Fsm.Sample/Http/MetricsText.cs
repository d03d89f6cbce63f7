using System.Globalization;
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

        Peers(text, node.Peers);
        Head(text, "raftkv_requests_total", "counter", "requests answered, by status");
        foreach ((int code, long count) in node.Counts.ByStatus())
        {
            text.Append($"raftkv_requests_total{{code=\"{code}\"}} {count}\n");
        }

        Head(text, "raftkv_forwarded_total", "counter", "requests that the leader answered for this node");
        text.Append($"raftkv_forwarded_total {node.Counts.Forwarded}\n");
        return text.ToString();
    }

    /// <summary>What the node measured of each server that it sent to as leader, in this and earlier leaderships.</summary>
    private static void Peers(StringBuilder text, PeerFigures peers)
    {
        Times(text, "raft_peer_append_ms", "from when entries were sent to a follower until it answered", peers.Of("appendEntries.rpc"));
        Times(text, "raft_peer_heartbeat_ms", "from when a heartbeat was sent to a follower until it answered", peers.Of("heartbeat"));
        Total(text, "raft_peer_entries_total", "entries sent to a follower, again each time", peers.Of("appendEntries.logs"));
        Total(text, "raft_peer_bytes_total", "bytes of those entries", peers.Of("appendEntries.bytes"));
        Total(text, "raft_peer_failures_total", "heartbeats and connections to a follower that failed", peers.Of("failures"));
    }

    private static void Times(
        StringBuilder text, string name, string help, IReadOnlyList<(string Peer, long Count, double Sum)> figures)
    {
        Head(text, name, "summary", help);
        foreach ((string peer, long count, double sum) in figures)
        {
            text.Append($"{name}_sum{{id=\"{Label(peer)}\"}} {sum.ToString(CultureInfo.InvariantCulture)}\n");
            text.Append($"{name}_count{{id=\"{Label(peer)}\"}} {count}\n");
        }
    }

    private static void Total(
        StringBuilder text, string name, string help, IReadOnlyList<(string Peer, long Count, double Sum)> figures)
    {
        Head(text, name, "counter", help);
        foreach ((string peer, _, double sum) in figures)
        {
            text.Append($"{name}{{id=\"{Label(peer)}\"}} {sum.ToString(CultureInfo.InvariantCulture)}\n");
        }
    }

    private static void Gauge(StringBuilder text, string name, string help, ulong value)
    {
        Head(text, name, "gauge", help);
        text.Append($"{name} {value}\n");
    }

    private static void Head(StringBuilder text, string name, string type, string help) =>
        text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static string Label(ServerId id) => Label(id.ToString());

    private static string Label(string id) =>
        id.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");
}
